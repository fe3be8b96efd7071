/* SPDX-License-Identifier: MIT */
/*
 * The memory budget: one atomic sum of the large buffers (spools in memory,
 * decoded texts, requests), against one limit.  Any thread.
 */
#ifndef CORE_BUDGET_H
#define CORE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

struct budget;

enum budget_level {
	BUDGET_FREE,  /* below 3/4 */
	BUDGET_SOFT,  /* no mail of strangers is begun */
	BUDGET_TIGHT, /* from 7/8 on: none but of our own networks */
	BUDGET_DRY,   /* from 15/16 on: none at all */
	BUDGET_HARD,  /* full but for 1/64, so that what is under way may end:
		       * no new connection is taken */
};

struct budget *budget_new(uint64_t limit_bytes);
void budget_free(struct budget *budget);

/* Takes bytes; false (and nothing taken) when that would pass the limit. */
bool budget_take(struct budget *budget, uint64_t bytes);

/* Gives bytes back that were taken. */
void budget_give(struct budget *budget, uint64_t bytes);

enum budget_level budget_level(const struct budget *budget);

/* Bytes taken now. */
uint64_t budget_taken(const struct budget *budget);

/* Bytes that may be taken in all. */
uint64_t budget_limit(const struct budget *budget);

#endif
