/* SPDX-License-Identifier: MIT */
/*
 * The journal: what dispatch tells the store of a mail.  An entry is posted to
 * the store, which writes all that waits in one transaction, in the order
 * posted, and says so to whoever asked.
 *
 *	BEGUN    before the first byte of an attempt leaves; nothing is sent
 *	         until it is recorded.  A BEGUN without an ENDED is a doubt at
 *	         the next start.
 *	ENDED    what came of it.
 *	LANDED   dispatch lets go of the mail: who is final, who is to be tried
 *	         again and when; the bounce it owes goes into the same
 *	         transaction.
 *	TAKEN    a mail whose client waits for a provider (`delivered`) becomes
 *	         the queue's: with all its recipients and attempts, an open one
 *	         too.  From then on it is as any other of the queue: in dispatch
 *	         until LANDED.
 *	PASSED   such a mail is over, and its client was told: for the records
 *	         only, nobody waits for it.
 *	NOTED    is about no mail: how providers are, and counts.
 */
#ifndef MAIL_JOURNAL_H
#define MAIL_JOURNAL_H

#include "mail/delivery.h"
#include "mail/recipient.h"

enum journal_kind {
	JOURNAL_BEGUN,
	JOURNAL_ENDED,
	JOURNAL_LANDED,
	JOURNAL_TAKEN,
	JOURNAL_PASSED,
	JOURNAL_NOTED,
};

/* Added to the totals in the same transaction: in recipients. */
struct journal_counts {
	unsigned doubts;    /* attempts ended in doubt */
	unsigned resolved;  /* doubts that the provider settled when asked: it
			     * has the mail */
	unsigned possible;  /* sent again although somebody may have it */
	unsigned confirmed; /* of these: both have it, as was found out */
};

/* A line of the mail's story beside its attempts, for people. */
struct journal_note {
	int64_t at_ms; /* wall clock */
	char *text;    /* "asked mailgun: it has the mail" */
};

/* How a provider is, to be known after a restart: what dispatch makes of it. */
struct journal_state {
	char *provider;
	char *text;
};

/* One attempt, plain data. */
struct journal_attempt {
	unsigned number; /* of this mail, from 1, over restarts too */
	char *provider;
	enum delivery_form form;
	unsigned *recipients; /* numbers in the envelope, ascending */
	unsigned count;
	char *message_id;         /* with <>, as it was sent; NULL: not known */
	char *from_domain;        /* as it was sent, "" for none; NULL: not
				   * known */
	char *redirect;           /* the address all of these were sent to
				   * instead of their own; NULL: to their own */
	int64_t begun_ms;         /* wall clock */
	int64_t ended_ms;         /* 0: it is open */
	uint64_t sent_bytes;      /* of the request */
	enum verdict_class class; /* of the verdict that explains it best */
	unsigned status;
	char *text;
};

/* What recipient number `number` of the envelope is now. */
struct journal_recipient {
	unsigned number;
	struct recipient is;
};

/* Called once on the store's thread: it is on disk, or (`recorded` false) it
 * is not and will not be. */
typedef void (*journal_recorded_fn)(void *object, bool recorded);

struct journal {
	struct letter letter;
	enum journal_kind kind;
	struct message *message; /* counted: the mail it is about; NOTED:
				  * NULL */
	GPtrArray *attempts;     /* struct journal_attempt *: BEGUN, ENDED: that
				  * one; TAKEN, PASSED: all */
	GArray *recipients; /* struct journal_recipient: those that changed;
			     * TAKEN, PASSED: all */
	GArray *notes;      /* struct journal_note: of this mail; NULL: none */
	GPtrArray *states;  /* NOTED: struct journal_state *; NULL: none */
	char *tags;         /* what the mail is marked with, one a line; NULL:
			     * nothing */
	struct journal_counts counts;
	journal_recorded_fn recorded; /* NULL: nobody asks */
	void *object;

	/* LANDED, TAKEN */
	unsigned rounds;  /* times it went through dispatch in vain */
	int64_t due_ms;   /* wall clock: wanted back then, by who waits, or for
			   * a report that is owed; 0: nothing waits */
	bool wakes;       /* it waits for a provider, so one that comes back
			   * wakes it before */
	bool warned;      /* the sender has been told of the delay */
	const char *hold; /* a literal: why it is held; NULL: it is not */
	struct submission *report; /* a bounce or warning, queued in the same
				    * transaction; owned; NULL: none */

	/* NOTED: the report is about recipient `owed_number` of that mail, of
	 * whom a provider told late; without a report none is to be made.  It
	 * is queued once, whatever comes twice.  "": nothing of the kind */
	char owed_id[ID_LENGTH + 1];
	unsigned owed_number;
};

/* The store's address for entries; takes the entry over; any thread. */
typedef void (*journal_fn)(void *store, struct journal *journal);

/* Counts a reference of the message of its own; NOTED: message is NULL. */
struct journal *journal_new(enum journal_kind kind, struct message *message);
void journal_free(struct journal *journal);

/* Adds a copy of what recipient `number` is. */
void journal_add_recipient(
    struct journal *journal, unsigned number, const struct recipient *is);

/* Adds the attempt, which the entry owns from then on. */
void journal_add_attempt(
    struct journal *journal, struct journal_attempt *attempt);

/* Adds a line of the story; the text becomes the entry's. */
void journal_add_note(struct journal *journal, int64_t at_ms, char *text);

/* Adds how a provider is; both are copied. */
void journal_add_state(
    struct journal *journal, const char *provider, const char *text);
void journal_state_free(void *state);

/* Copies the names and numbers. */
struct journal_attempt *journal_attempt_new(
    const struct delivery *delivery, const char *provider, int64_t begun_ms);
struct journal_attempt *journal_attempt_copy(
    const struct journal_attempt *attempt);
void journal_attempt_free(struct journal_attempt *attempt);

/* It ended; text is copied. */
void journal_attempt_end(struct journal_attempt *attempt, int64_t ended_ms,
    uint64_t sent_bytes, const struct verdict *verdict);

#endif
