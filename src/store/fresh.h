/* SPDX-License-Identifier: MIT */
/*
 * A fresh mail on its way into the queue, its client waiting: inserted, synced,
 * answered, posted onward, in this order.
 */
#ifndef STORE_FRESH_H
#define STORE_FRESH_H

#include "state.h"

/* Any thread: takes the submission over. */
void fresh_post(struct store *store, struct submission *submission);

/* A step of batch.c. */
bool fresh_waits(const struct store *store);
enum engine_result fresh_write(struct store *store);
void fresh_settle(struct store *store, enum engine_result result);

#endif
