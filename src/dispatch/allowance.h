/* SPDX-License-Identifier: MIT */
/*
 * What a provider takes of mail that another one failed: a tenth of the first
 * tries it had in the last minute, three a second at least, thirty at once.  So
 * the whole load of a dead provider does not fall on the next in one moment;
 * what was under way when it died moves at once.  Pure.
 */
#ifndef DISPATCH_ALLOWANCE_H
#define DISPATCH_ALLOWANCE_H

#include "bucket.h"
#include "tally.h"

#define ALLOWANCE_PART  0.1
#define ALLOWANCE_LEAST 3.0 /* a second */
#define ALLOWANCE_BURST 30.0

struct allowance {
	struct bucket bucket;
	struct tally firsts;
};

void allowance_start(struct allowance *allowance);

/* A mail that no other provider failed goes by it. */
void allowance_first(struct allowance *allowance, int64_t now_ms);

/* When one that another failed may: now, or a time later than now. */
int64_t allowance_when(const struct allowance *allowance, int64_t now_ms);
void allowance_take(struct allowance *allowance, int64_t now_ms);

/* That one was not sent. */
void allowance_return(struct allowance *allowance);

#endif
