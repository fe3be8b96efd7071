/* SPDX-License-Identifier: MIT */
/*
 * The queue is the engine's SQLite: queue.db and what may be done to its mails,
 * one file each.  The functions are those of struct engine (engine.h), but that
 * they leave a transaction that failed to engine.c.
 */
#ifndef STORE_QUEUE_H
#define STORE_QUEUE_H

#include "story.h"

/* Counted in the same transactions as the rows. */
struct queue_totals {
	/* recipients since the queue was made */
	int64_t accepted, settled, bounced, dead;
	/* recipients that are there and not final; those in doubt */
	int64_t remaining, doubts;
	/* of struct journal_counts, since the queue was made */
	int64_t doubts_seen, resolved, possible, confirmed;
	int64_t places[STORE_HELD + 1]; /* mails */
	int64_t bytes;                  /* of their bodies */
};

struct queue {
	struct database *database;
	struct engine_options options;
	char *directory;
	struct queue_totals totals;    /* with what is not committed yet */
	struct queue_totals committed; /* what is on disk */
	bool full;                     /* no commit since there was no space */
};

/* One mail while something is done to it. */
struct queue_mail {
	int64_t number;
	enum store_place place;
	int64_t remaining; /* recipients that are not final */
	bool headed;       /* its headline is there */
};

struct queue *queue_open(const struct engine_options *options, GError **error);
void queue_close(struct queue *queue);

bool queue_begin(struct queue *queue);
bool queue_commit(struct queue *queue);
void queue_rollback(struct queue *queue);

/* OK, ABSENT, or what went wrong. */
enum engine_result queue_find(
    struct queue *queue, const char *id, struct queue_mail *mail);

/* In a select of mails: its sender asked to be told when a provider has it, and
 * was not yet. */
#define QUEUE_OWES_REPORT                                              \
	"sender IS NOT NULL AND report = 0 AND EXISTS"                 \
	" (SELECT 1 FROM recipient WHERE recipient.mail = mail.number" \
	" AND state = 2 AND (notify & 2) <> 0 AND told = 0)"

/* What is true of a mail that changes its place. */
struct queue_move {
	enum store_place place;
	int64_t due_ms;    /* WAITING */
	int64_t landed_ms; /* WAITING, and woken before it is due; 0: not */
	const char *hold;  /* HELD */
};

/* Writes its place, and `remaining`. */
bool queue_move(struct queue *queue, struct queue_mail *mail,
    const struct queue_move *move);

/* A recipient more (by 1) or less (by -1) in this state. */
void queue_count(struct queue *queue, enum recipient_state state, int64_t by);

/* Writes what a recipient is now; one that is final stays what it is. */
bool queue_set_recipient(struct queue *queue, struct queue_mail *mail,
    unsigned number, const struct recipient *is);

/* All recipients of the mail in the one state get the other. */
bool queue_turn_recipients(struct queue *queue, struct queue_mail *mail,
    enum recipient_state from, enum recipient_state to);

/* bodies/ID; new string. */
char *queue_body_path(const struct queue *queue, const char *id);

/* The body as it was kept; NULL and *why (a new string) when it cannot be had,
 * *missing when that is so until someone sees to it. */
struct queue_body {
	const char *id;
	int64_t number;
	bool in_file;
	uint64_t size, digest;
};
struct spool *queue_body_open(struct queue *queue,
    const struct queue_body *body, bool *missing, char **why);

/* ---- one file each ---- */

/* A mail that comes. */
struct queue_newcomer {
	const struct submission *submission;
	const struct recipient *const *known; /* NULL: nothing is known */
	bool active, in_file, warned;
	unsigned rounds, attempts;
	int64_t number; /* out: what it got */
};

enum engine_result queue_accept(
    struct queue *queue, struct queue_newcomer *newcomer);

/* Resends (queue_resend.c).  A mail that comes is the first one of its
 * recipients from now on, unless it has no key or they are refused already. */
bool queue_resend_keep(
    struct queue *queue, const struct queue_newcomer *newcomer);
enum engine_result queue_resend_find(
    struct queue *queue, const struct submission *submission, char **ids);
/* Of those who are refused or dropped; whole: the mail goes, of all who do not
 * have it. */
bool queue_resend_forget(struct queue *queue, int64_t mail, bool whole);
enum engine_result queue_resend_sweep(
    struct queue *queue, int64_t before_ms, unsigned most, bool *more);

/* Idempotency keys (queue_key.c): of a mail that comes, unless it has none; of
 * one that is taken back. */
bool queue_key_keep(struct queue *queue, const struct submission *submission);
enum engine_result queue_key_find(struct queue *queue,
    const struct submission *submission, struct engine_keyed *out);
bool queue_key_forget(struct queue *queue, int64_t mail);
enum engine_result queue_key_sweep(
    struct queue *queue, int64_t before_ms, unsigned most, bool *more);

enum engine_result queue_journal(struct queue *queue,
    const struct journal *journal, bool in_file, bool *finished);

/* What an entry notes: its counts; its notes as acts of the mail of that
 * number; its states; and those there are. */
void queue_notes_count(
    struct queue *queue, const struct journal_counts *counts);
bool queue_notes_tell(
    struct queue *queue, int64_t mail, const struct journal *journal);
enum engine_result queue_notes_keep(
    struct queue *queue, const struct journal *journal);
enum engine_result queue_notes_states(struct queue *queue, GPtrArray *states);

enum engine_result queue_load(
    struct queue *queue, const char *id, struct submission **submission);

enum engine_result queue_remove(
    struct queue *queue, const char *id, bool *in_file);

/* Events (queue_hear.c); settle: recipients of a mail that is not active are
 * taken out of doubt by what their provider told: it is due now then. */
enum engine_result queue_hear(
    struct queue *queue, struct engine_hearing *hearing);
bool queue_hear_settle(
    struct queue *queue, struct queue_mail *mail, int64_t now_ms);

/* Reports that are owed (queue_owed.c). */
bool queue_owed_add(struct queue *queue, const struct engine_hearing *hearing);
bool queue_owed_forget(struct queue *queue, int64_t before_ms, unsigned most);
enum engine_result queue_owed_next(
    struct queue *queue, struct store_owed **owed);
enum engine_result queue_owed_settle(
    struct queue *queue, const struct journal *journal);

/* The suppression list (queue_suppress.c); *fresh: it was not on it. */
bool queue_suppress_add(
    struct queue *queue, const struct suppression *suppression, bool *fresh);
enum engine_result queue_suppress_act(
    struct queue *queue, struct engine_act *act);
void queue_suppress_list(struct queue *queue, struct store_ask *ask);
enum engine_result queue_suppress_each(
    struct queue *queue, store_suppressed_fn each, void *object);

enum engine_result queue_act(struct queue *queue, struct engine_act *act);

enum engine_result queue_due_clamp(
    struct queue *queue, int64_t now_ms, int64_t most_ms, bool *more);

enum engine_result queue_due(
    struct queue *queue, const struct engine_due *query, GPtrArray *ids);
enum engine_result queue_due_next(struct queue *queue, int64_t *due_ms);

/* Adds the first column of each row, a text, to ids. */
void queue_due_collect(struct query *query, GPtrArray *ids);

enum engine_result queue_ask(struct queue *queue, struct store_ask *ask);

#endif
