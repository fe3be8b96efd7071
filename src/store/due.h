/* SPDX-License-Identifier: MIT */
/*
 * What is due is loaded from disk and posted onward, as much as the window
 * holds.
 */
#ifndef STORE_DUE_H
#define STORE_DUE_H

#include "state.h"

void due_open(struct store *store);

/* True, and in the window, when this fresh mail can be posted onward as soon as
 * it is written. */
bool due_offer(struct store *store, const struct submission *submission);

/* It is written: its return address is void now, and it is posted onward when
 * it was offered; else it waits on disk.  Takes it over. */
void due_pass(struct store *store, struct submission *submission, bool offered);

/* A mail waits until then (wall clock). */
void due_expect(struct store *store, int64_t due_ms);

/* Once a second: sees whether the clock was set back. */
void due_watch(struct store *store);

/* As store_wake_post(). */
void due_wake(struct store *store, unsigned count);

/* As store_ramp_post(). */
void due_ramp(struct store *store, unsigned most);

/* A mail left the window: there may be room for one that was woken. */
void due_left(struct store *store);

/* Milliseconds until something may have to be loaded. */
int64_t due_delay(const struct store *store);

/* A step of batch.c. */
bool due_waits(const struct store *store);
enum engine_result due_write(struct store *store);
void due_settle(struct store *store, enum engine_result result);

#endif
