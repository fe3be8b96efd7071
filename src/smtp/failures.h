/* SPDX-License-Identifier: MIT */
/*
 * Failed logins, counted per address and per name in token buckets: each
 * failure takes a token, and as many as may be in a window flow back in its
 * time.  Whoever has none left is not even asked.  Bounded.  Pure; one thread.
 */
#ifndef SMTP_FAILURES_H
#define SMTP_FAILURES_H

#include "core/drain.h"
#include <stdbool.h>
#include <stdint.h>

struct failures;

struct failures_limits {
	struct drain_flow flow; /* of failures */
	unsigned entries;       /* that are remembered */
};

struct failures *failures_new(const struct failures_limits *limits);
void failures_free(struct failures *failures);

/* True when it has failed too often lately. */
bool failures_are_many(
    struct failures *failures, const char *key, int64_t now_ms);

/* It has failed.  Returns how often lately, 1 at least. */
unsigned failures_add(
    struct failures *failures, const char *key, int64_t now_ms);

#endif
