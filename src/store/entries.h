/* SPDX-License-Identifier: MIT */
/*
 * Entries are what dispatch has to say of its mails, written in the order
 * posted, at least of each mail.  When the disk is full the beginnings of
 * attempts wait, so that nothing new is sent, and results are tried until they
 * are in.
 */
#ifndef STORE_ENTRIES_H
#define STORE_ENTRIES_H

#include "state.h"

/* Any thread: takes the entry over. */
void entries_post(struct store *store, struct journal *journal);

/* Makes the files anew that could not be made. */
void entries_again(struct store *store);

/* There is no room and postferry stops: what only begins is not to begin, and
 * mails that are still their clients' stay theirs. */
void entries_give_up(struct store *store);

/* Nobody comes after: who waits is told that it will not be recorded. */
void entries_end(struct store *store);

/* Steps of batch.c: all of them; and when the disk is full those that must be
 * recorded, and mails that are to be taken. */
bool entries_wait(const struct store *store);
bool entries_wait_results(const struct store *store);
bool entries_wait_taken(const struct store *store);
enum engine_result entries_write(struct store *store);
enum engine_result entries_write_results(struct store *store);
enum engine_result entries_write_taken(struct store *store);
void entries_settle(struct store *store, enum engine_result result);
void entries_settle_taken(struct store *store, enum engine_result result);

#endif
