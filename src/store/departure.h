/* SPDX-License-Identifier: MIT */
/*
 * A mail whose recipients are all final departs: it is read as a whole and
 * given to the records, and when they have it its rows and its file are
 * removed.  A crash between repeats the first step.
 */
#ifndef STORE_DEPARTURE_H
#define STORE_DEPARTURE_H

#include "state.h"

void departure_open(struct store *store);
void departure_free(struct store *store);

/* The mail is finished; one that departs already goes on doing so. */
void departure_add(struct store *store, const char *id);

/* More is known of the mail: if it departs, the records are told of it once
 * more.  False: it does not. */
bool departure_renew(struct store *store, const char *id);

/* The mail is to be removed without a word to anyone. */
void departure_abort(struct store *store, const char *id);

/* True until that has been done. */
bool departure_is_aborted(const struct store *store, const char *id);

/* A mail that was never in the queue is over: for the records only. */
void departure_pass(struct store *store, const struct journal *journal);

/* The records' thread: they have these (records.h). */
void departure_moved(void *store, GPtrArray *ids);

/* Reads finished mails and gives them to the records; true when more are to be
 * read. */
bool departure_move(struct store *store);

/* A step of batch.c. */
bool departure_waits(const struct store *store);
enum engine_result departure_write(struct store *store);
void departure_settle(struct store *store, enum engine_result result);

#endif
