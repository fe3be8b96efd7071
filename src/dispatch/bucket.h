/* SPDX-License-Identifier: MIT */
/*
 * A token bucket: over any time no more are taken than it holds and what flows
 * in meanwhile (and a ms more).  How fast that is and how much it holds may
 * change: both come in with each call, as time does.  Pure.
 */
#ifndef DISPATCH_BUCKET_H
#define DISPATCH_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct bucket {
	double tokens; /* at that time */
	int64_t at_ms; /* monotonic */
};

struct bucket_flow {
	double rate; /* tokens a second, more than 0 */
	double size; /* tokens it holds, 1 at least */
};

/* When there is a token to take: now, or the time later than now. */
int64_t bucket_when(const struct bucket *bucket, const struct bucket_flow *flow,
    int64_t now_ms);

/* Takes one, be there one or not. */
void bucket_take(
    struct bucket *bucket, const struct bucket_flow *flow, int64_t now_ms);

/* Nothing is taken until then, and then it holds one at most. */
void bucket_rest(
    struct bucket *bucket, const struct bucket_flow *flow, int64_t until_ms);

/* It was not used. */
void bucket_return(struct bucket *bucket);

#endif
