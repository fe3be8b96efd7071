/* SPDX-License-Identifier: MIT */
/*
 * A client that did not hear our 250 sends its mail again.  Where it says by
 * which mark (submission->resend_key), the mail is known, and queued only for
 * whoever is not in the first one.  A program that gives a mail a key of its
 * own (submission->idempotency_key) gets one mail for it, and no other.
 */
#ifndef STORE_REPEAT_H
#define STORE_REPEAT_H

#include "state.h"

/* What is known of a fresh mail; all 0: nothing. */
struct repeat {
	GPtrArray *firsts; /* char *: ids of the mails it was in, each once;
			    * NULL: none */
	unsigned known;    /* recipients of these */
	bool whole;        /* that is all of them */
	bool keyed;        /* by its idempotency key, as a whole */
	bool other;        /* which the first of them has, and is not alike */
};

void repeat_open(struct store *store);

/* In the transaction, before the mail is accepted: finds who is known already,
 * and, unless that is everyone, takes them out of the envelope. */
enum engine_result repeat_look(
    struct store *store, struct submission *submission, struct repeat *repeat);

/* Behind the commit: true when one of the first mails is not ours, as it was
 * taken back meanwhile. */
bool repeat_is_void(const struct store *store, const struct repeat *repeat);

/* A log line, when something is known. */
void repeat_tell(
    const struct repeat *repeat, const struct submission *submission);

/* Answers a mail that is known as a whole. */
void repeat_answer(
    const struct repeat *repeat, const struct submission *submission);

void repeat_clear(struct repeat *repeat);

/* Once a second: some of those that are older than they are kept go. */
void repeat_sweep(struct store *store);

#endif
