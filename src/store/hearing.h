/* SPDX-License-Identifier: MIT */
/*
 * A hearing is a batch of events that providers told.  Each is entered in the
 * queue if its mail is there, else in the records, whose thread is asked; then
 * that it was heard, in the queue: so an event that comes again, also after a
 * crash in between, counts once.
 */
#ifndef STORE_HEARING_H
#define STORE_HEARING_H

#include "state.h"

void hearing_open(struct store *store);
void hearing_free(struct store *store);

/* Any thread: takes the batch over. */
void hearing_post(struct store *store, struct event_batch *batch);

/* A second has passed: mails that were not there may be. */
void hearing_again(struct store *store);

/* Asks for the next report that is owed, once a second. */
void hearing_report(struct store *store);

/* The mail has landed: true when an event was heard of it meanwhile, so that it
 * may be due now. */
bool hearing_landed(struct store *store, const char *id);

/* Step of batch.c. */
bool hearing_waits(const struct store *store);
enum engine_result hearing_write(struct store *store);
void hearing_settle(struct store *store, enum engine_result result);

/* Whoever still waits is told that nothing more is recorded. */
void hearing_end(struct store *store);

#endif
