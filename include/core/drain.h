/* SPDX-License-Identifier: MIT */
/*
 * A drain is what was taken out of a token bucket that is refilled all the
 * time: as many as may be taken in a window flow back in its time.  All zero:
 * nothing was.  Pure.
 */
#ifndef CORE_DRAIN_H
#define CORE_DRAIN_H

#include <stdint.h>

struct drain {
	double taken; /* tokens, at that time */
	int64_t at_ms;
};

struct drain_flow {
	unsigned most; /* tokens in a window */
	int64_t window_ms;
};

/* What is missing now. */
double drain_taken(
    const struct drain *drain, const struct drain_flow *flow, int64_t now_ms);

#endif
