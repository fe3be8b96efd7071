/* SPDX-License-Identifier: MIT */
/*
 * How long a provider wants to be left alone, in every spelling they use.  All
 * return milliseconds, one hour at most; 0 is "not said": nothing was said, or
 * a time that has passed.  Pure; any thread.
 */
#ifndef MAIL_RETRY_H
#define MAIL_RETRY_H

#include <stdint.h>

/* What a value that cannot be read is taken for: something was asked of us. */
#define RETRY_UNREADABLE_MS 60000

/* The first wait that a text for people names: "try again after Mon, 20 Dec
 * 2021 20:33:21 UTC", "after 120 seconds", "in 5 minutes", "wait an hour".  A
 * number without a unit may be anything.  NULL is "". */
int64_t retry_in_text(const char *text, int64_t now_wall_ms);

/* The value of Retry-After (RFC 9110 10.2.3): seconds, or a date in one of the
 * three forms of 5.6.7. */
int64_t retry_after(const char *value, int64_t now_wall_ms);

/* The value of X-RateLimit-Reset: seconds since 1970, with a fraction or
 * without; small numbers are seconds from now. */
int64_t retry_at_reset(const char *value, int64_t now_wall_ms);

#endif
