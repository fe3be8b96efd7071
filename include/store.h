/* SPDX-License-Identifier: MIT */
/*
 * The store is the durable queue: it takes submissions and journal entries,
 * writes all that waits in one synced transaction, and only then answers.
 * What is due it posts onward, as many mails as its window holds: a million
 * waiting mails cost disk, not memory.  A thread of its own owns the database;
 * everyone else posts to it.  Which engine keeps the rows nobody outside
 * src/store/ knows.
 *
 *	state_dir/queue.db      the mails that are not finished
 *	state_dir/records.db    what became of those that are, without bodies
 *	state_dir/bodies/ID     the bytes of a mail over inline_max
 *	state_dir/ballast       given up when the disk is full, to record with
 */
#ifndef STORE_H
#define STORE_H

#include "core/disk.h"
#include "core/metrics.h"
#include "core/setting.h"
#include "mail/event.h"
#include "mail/journal.h"
#include "mail/submission.h"
#include "mail/suppression.h"

struct store;

/* Of whom a provider told late, and what. */
struct store_owed {
	char id[ID_LENGTH + 1]; /* of the mail */
	unsigned number;        /* of the recipient */
	char *provider;
	unsigned status; /* as in struct event, all four */
	char *enhanced;
	char *text;
	int64_t at_ms;
};

void store_owed_free(struct store_owed *owed);

struct store_options {
	struct config *config;           /* counted; its settings are below */
	const char *directory;           /* borrowed */
	const struct spool_place *place; /* of the spools it makes; borrowed */
	struct disk *disk;               /* borrowed: it looks and says */
	struct metrics *metrics;         /* borrowed; NULL: none */
	bool offline; /* for the commands: nothing is sent or accepted, no
		       * ballast */
	submission_fn onward; /* fresh and due mail, queued */
	void *stage;
	/* A report that is owed, as a provider told of a recipient after it
	 * had taken his mail: one a second, the oldest, until a journal entry
	 * (NOTED) says what came of it.  Takes it over; the store's thread.
	 * NULL: such reports are not made. */
	void (*owed)(void *object, struct store_owed *owed);
	void *owed_object;
	/* What changed in the suppression list, in order; before whoever
	 * changed it is answered.  NULL: nobody wants to know. */
	suppression_news_fn news;
	void *news_object;
	/* Called once, on the store's thread, when a sync or commit failed:
	 * what is true is read from the disk at the next start.  Whoever waited
	 * was told, nothing is written any more. */
	void (*failed)(void *object, const char *why);
	void *object;
};

/* Opens or makes the databases and settles what a crash left: open attempts
 * are doubts from now on.  NULL and error (what, which file, what to do) when a
 * file cannot be had, is damaged, or is of a newer version (then nothing was
 * changed). */
struct store *store_open(const struct store_options *options, GError **error);

/* How providers were when they were noted last (struct journal_state *, new).
 * Before store_start(); on a thread that may wait. */
GPtrArray *store_states(struct store *store);

/* Calls each(object, address, why) of every suppression there is, on the
 * store's thread; the address is borrowed.  Before store_start(); on a thread
 * that may wait. */
typedef void (*store_suppressed_fn)(
    void *object, const char *address, enum suppression_why why);
void store_suppressions(
    struct store *store, store_suppressed_fn each, void *object);

/* From now on what is due is posted onward. */
void store_start(struct store *store);

/* Any thread; a submission_fn: keeps a fresh mail, answers 250 by its return
 * address once it is on disk (451 or 452 when it cannot be), and posts it
 * onward, its return address void, when the window has room; else it waits on
 * disk until there is. */
void store_accept_post(void *store, struct submission *submission);

/* Any thread; a journal_fn. */
void store_journal_post(void *store, struct journal *journal);

/* Any thread; an event_fn: enters what providers tell of the mails they took,
 * once each, in the mail's story, be it in the queue or in the records; of one
 * in doubt that it is not.  Of a mail that nobody knows nothing is kept but
 * that it was heard.  Whoever bounced, complained or unsubscribed enters the
 * suppression list (setting `suppress`). */
void store_hear_post(void *store, struct event_batch *batch);

/* Any thread: a provider may be asked again: mails that wait for one are
 * posted onward before they are due, oldest first: at most `count`; UINT_MAX:
 * all that landed before now; 0: no more of them. */
void store_wake_post(void *store, unsigned count);

/* Any thread: all that are woken go onward only as long as fewer than `most` of
 * those that were tried before are on their way; due mail does at its time.
 * UINT_MAX, as it is at first: as many as the window holds. */
void store_ramp_post(void *store, unsigned most);

/* Any thread: nothing is posted onward any more; fresh mail still accepted. */
void store_quiet_post(struct store *store);

/* Any thread that may wait (no loop that the store posts to): the same, and
 * nothing is on its way any more when it returns. */
void store_quiet(struct store *store);

/* Writes what waits, closes.  After everyone who posts has stopped.  NULL is
 * fine. */
void store_close(struct store *store);

/* ---- questions: what people and programs ask of the queue ---- */

/* Where a mail is. */
enum store_place {
	STORE_WAITING,  /* until due_ms */
	STORE_ACTIVE,   /* in dispatch, now */
	STORE_HELD,     /* until a person releases or drops it */
	STORE_FINISHED, /* every recipient is final: a record only */
};

struct store_recipient {
	char *address;
	struct recipient is;
	struct envelope_wish wish;
};

/* So begins an address of a finished mail that was not kept. */
#define STORE_HIDDEN "hidden-"

/* Who did what dispatch noted. */
#define STORE_NOTED "postferry"

/* Something a person did to a mail, or that dispatch noted of it. */
struct store_act {
	int64_t at_ms; /* wall clock */
	char *what;    /* "retry", "hold", "release", "drop"; or the note */
	char *who;     /* "uid 0"; or STORE_NOTED */
};

/* What a provider told of a mail it had taken. */
struct store_event {
	enum event_kind kind;
	char *provider;
	char *event_id;   /* as in struct event */
	char *recipient;  /* as in the envelope; NULL: none of those */
	unsigned number;  /* of that one; with NULL: no meaning */
	int64_t at_ms;    /* wall clock, as the provider says */
	int64_t heard_ms; /* wall clock: when we heard of it */
	unsigned status;  /* 0: not told */
	char *enhanced;   /* NULL: not told */
	char *text;       /* NULL: not told */
};

/* One mail as the store knows it. */
struct store_mail {
	char id[ID_LENGTH + 1];
	enum store_place place;
	int64_t received_ms;
	int64_t due_ms;      /* WAITING: wall clock */
	int64_t finished_ms; /* FINISHED */
	char *listener, *peer, *helo;
	char *protocol; /* as in struct submission; NULL: not known */
	char *user;     /* authenticated as; NULL: nobody */
	char *envid;    /* as in struct envelope; NULL: none */
	enum envelope_return returned;
	char *sender;  /* "" for the null sender */
	char *subject; /* decoded; NULL: none, or not read yet, or not kept */
	char *from;    /* as people read it: "Ann <ann@example.com>"; NULL */
	char **tags;   /* what it is marked with; NULL: nothing */
	uint64_t size_bytes;
	bool report;
	unsigned rounds;
	char *hold;            /* HELD: why */
	GPtrArray *recipients; /* struct store_recipient * */
	GPtrArray *attempts;   /* struct journal_attempt *, in order; of many
				* the first, the last, and those in doubt */
	GPtrArray *acts;       /* struct store_act *, in order */
	GPtrArray *events;     /* struct store_event *, in the order of at_ms;
				* MAIL only */
};

/* Counted in recipients, since the queue was made; a number that must be 0:
 * accepted - (settled + bounced + dead + waiting). */
struct store_totals {
	uint64_t accepted; /* by us: 250 was said, and reports of our own */
	uint64_t settled;  /* a provider has it */
	uint64_t bounced;  /* refused, and the sender told who wants it */
	uint64_t dead;     /* dropped: by a person, or a warning too late */
	uint64_t waiting;  /* everything else: counted from the rows */

	/* no part of that sum */
	uint64_t doubts; /* as in struct journal_counts */
	uint64_t resolved;
	uint64_t possible;
	uint64_t confirmed;
};

struct store_counts {
	uint64_t waiting, active, held; /* mails */
	uint64_t doubts;                /* recipients */
	int64_t oldest_ms;              /* received, of those; 0: none */
	uint64_t bytes;                 /* of bodies */
	struct store_totals totals;
};

enum store_question {
	STORE_LIST,       /* mails, by their ids, which is by time */
	STORE_MAIL,       /* one mail with its whole story, finished ones too */
	STORE_BODY,       /* its bytes */
	STORE_COUNTS,     /* of the queue */
	STORE_SUPPRESSED, /* the suppression list, by address */
	STORE_RETRY,      /* due now */
	STORE_HOLD,       /* not sent until released */
	STORE_RELEASE, /* out of hold, held recipients wait again, due now; of
			* one mail those in doubt, too */
	STORE_DROP,    /* who is not final is DROPPED; not while it is active */
	STORE_SUPPRESS,   /* put on the list; who is on it stays as he is */
	STORE_UNSUPPRESS, /* taken off it */
};

/* What mails a list is of, beside their place: those of which all of this is
 * true.  NULL or 0: anything is.  Addresses and names in letters of either
 * case.  Borrowed. */
struct store_filter {
	const char *sender;    /* of the envelope; "": the null sender */
	const char *recipient; /* one of them */
	const char *provider;  /* of one of its recipients: who said something
				* of it last */
	const char *listener;
	const char *tag;     /* one of them, as it is written */
	const char *subject; /* contained in it, in letters of either case */
	int64_t since_ms;    /* wall clock: received then or later */
	int64_t until_ms;    /* received before */

	/* the store's own: the addresses as the records may have them */
	const char *sender_alias, *recipient_alias;
};

/* Lists that belong to a mail. */
enum store_part {
	STORE_RECIPIENTS = 1 << 0, /* always there */
	STORE_ATTEMPTS = 1 << 1,
	STORE_ACTS = 1 << 2,
	STORE_EVENTS = 1 << 3,
	STORE_STORY = (1 << 4) - 1, /* all of them */
};

/* Beside enum store_place. */
#define STORE_UNFINISHED (-1) /* any but FINISHED */
#define STORE_ANYWHERE   (-2) /* LIST: FINISHED too, in one list */

struct store_ask {
	struct letter letter;
	enum store_question question;
	const char *id; /* of the mail; LIST: those behind it in the order, or
			 * NULL; the last four questions: NULL: all mails of
			 * `place` */
	unsigned limit; /* LIST: at most, 0: 1000 */
	bool newest;    /* LIST: the newest first, not the oldest */
	struct store_filter filter; /* LIST: some thousand mails are looked at
				     * in one go, so it may find none and not
				     * be the last */
	unsigned parts; /* LIST: enum store_part: what to read of each mail
			 * beside its recipients */
	int place; /* LIST and the last four: enum store_place, or as above */
	const char *who; /* the last four: whoever asked */

	/* the answer */
	bool found;               /* there is such a mail */
	char *obstacle;           /* why it was not done; NULL: it was */
	unsigned changed;         /* mails, of the last four */
	GPtrArray *mails;         /* struct store_mail *; LIST and MAIL */
	char next[ID_LENGTH + 1]; /* LIST: `id` of the next question, as there
				   * may be more; "": there are none */
	struct spool *spool;      /* BODY; counted */
	struct store_counts counts;

	/* of the suppression list: `id` is the address behind which it begins,
	 * as suppression_key() makes it; `changed` counts addresses */
	const char *address;      /* the only one that is asked for; NULL: all
				   */
	const GPtrArray *entries; /* struct suppression *: to be put on it, or
				   * (of these only the addresses) taken off;
				   * borrowed */
	GPtrArray *suppressions;  /* the answer: struct suppression * */
	char *next_address;       /* `id` of the next question; NULL: there
				   * are no more */
};

/* Any thread that may wait (no loop): asks and waits for the answer, which is
 * in `ask` then. */
void store_answer(struct store *store, struct store_ask *ask);

/* Any thread, at once: another number whenever what LIST and MAIL tell has
 * become another, and after a restart.  A question asked after it was read
 * finds at least what it stands for. */
uint64_t store_version(const struct store *store);

/* Frees what the answer holds. */
void store_ask_clear(struct store_ask *ask);

const char *store_place_text(enum store_place place);

/* Adds what is wrong with the settings (char *), as config_read() does. */
void store_check(const struct config *config, GPtrArray *errors);

/* The rows of [server] the store reads, ending with an empty one. */
extern const struct setting store_settings[];

#endif
