/* SPDX-License-Identifier: MIT */
/*
 * How many requests a provider bears at a time: one more for each full round of
 * successes, half as many when it says "too many" or lets one time out.  Pure.
 */
#ifndef DISPATCH_LIMIT_H
#define DISPATCH_LIMIT_H

#include <stdbool.h>

#define LIMIT_START      4
#define LIMIT_SLOW_START 10 /* after a recovery one more for each success */

struct limit {
	unsigned most; /* the provider's connections */
	unsigned now;
	unsigned successes; /* of this round */
	unsigned cuts;      /* how often it was cut */
	bool slow;          /* grows back after a recovery */
};

void limit_start(struct limit *limit, unsigned most);

void limit_success(struct limit *limit);

/* Those begun before it was cut last (at `cuts`) are the same crowd: they do
 * not cut it again. */
void limit_cut(struct limit *limit, unsigned cuts);

/* The provider is back: one at first. */
void limit_recover(struct limit *limit);

#endif
