/* SPDX-License-Identifier: MIT */
/*
 * The census counts the queue for those that nobody knows: a thread of its own
 * asks the store, so that they need not wait as long as that is stuck, and asks
 * once for all who wait.  Any thread that may wait.
 */
#ifndef STATUS_CENSUS_H
#define STATUS_CENSUS_H

#include "store.h"

struct census;

/* The store outlives it. */
struct census *census_new(struct store *store);

/* Waits for the store's answer, should one be due.  NULL is fine. */
void census_free(struct census *census);

/* Counts that were asked for after the call, within so long: true.  Else false,
 * and why as a new string: the store's obstacle, or NULL: it did not answer. */
bool census_take(struct census *census, int64_t wait_ms,
    struct store_counts *counts, char **obstacle);

#endif
