/* SPDX-License-Identifier: MIT */
/*
 * A tally counts what happened in the last minute, in steps of five seconds.
 * Pure: time comes in as an argument.
 */
#ifndef DISPATCH_TALLY_H
#define DISPATCH_TALLY_H

#include <stdint.h>

#define TALLY_STEP_MS INT64_C(5000)
#define TALLY_STEPS   12
#define TALLY_MS      (TALLY_STEP_MS * TALLY_STEPS)

struct tally {
	int64_t step; /* the last one there is a count of */
	unsigned counts[TALLY_STEPS];
};

void tally_add(struct tally *tally, int64_t now_ms);
unsigned tally_sum(const struct tally *tally, int64_t now_ms);

#endif
