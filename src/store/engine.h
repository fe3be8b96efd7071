/* SPDX-License-Identifier: MIT */
/*
 * An engine keeps the rows of the queue.  SQLite is the first (engine.c); the
 * store around it (store.c) knows batches, windows and who is to be answered,
 * and nothing of SQL.  Everything here is synchronous and belongs to the
 * store's thread.
 *
 * Changes are made between begin() and commit().  When one of them does not
 * return ENGINE_OK the transaction has been rolled back whole: after FULL the
 * engine is as it was and goes on, after BAD nothing is known and nothing may
 * be written any more.
 */
#ifndef STORE_ENGINE_H
#define STORE_ENGINE_H

#include "store.h"

enum engine_result {
	ENGINE_OK,
	ENGINE_FULL,   /* no space: rolled back */
	ENGINE_BAD,    /* an I/O error or damage: final */
	ENGINE_ABSENT, /* no such mail (nothing of it was changed, the
			* transaction goes on) */
};

struct engine_options {
	const char *directory;
	const struct spool_place *place;
	struct config *config; /* counted in every submission that is loaded */
	bool offline;
	int64_t doubt_ms; /* how long a crash's doubt is waited out */
};

/* Which waiting mails to load. */
struct engine_due {
	int64_t now_ms; /* wall clock: due by then */
	/* Not fresh: also those that wake and landed before it; 0: none. */
	int64_t woken_ms;
	bool fresh; /* those never tried; else those tried before */
	unsigned most;
};

/* Something done to a mail, or to many, a slice at a time: it goes through the
 * mails that were there at the first slice, once, whatever becomes of those
 * behind it. */
struct engine_act {
	struct store_ask *ask; /* changed: mails, of this slice */
	int64_t now_ms;        /* wall clock */
	unsigned most;         /* mails to change in this slice */
	GPtrArray *finished;   /* out: char *, ids of those finished now */
	/* The engine's, kept from slice to slice; all 0 before the first. */
	int64_t at;    /* the last mail it looked at */
	int64_t bound; /* the last one there is for it */
	bool done;     /* that was the last slice */
};

/* An event that was heard. */
struct engine_hearing {
	const struct event *event;
	int64_t now_ms;    /* wall clock */
	int64_t forget_ms; /* wall clock: what was heard before is forgotten,
			    * some at a time */
	bool reports;      /* of bounces, to senders */
	unsigned suppress; /* 1 << enum suppression_why: what enters the list */
	bool sought;       /* the records were asked: if its mail is not in the
			    * queue there is no more to be done */
	/* out */
	bool again;             /* it was heard before: nothing was done */
	bool found;             /* its mail is in the queue */
	bool active;            /* ...and in dispatch */
	bool due;               /* ...and due now, as less is left to be done */
	bool finished;          /* ...and finished by it */
	char id[ID_LENGTH + 1]; /* found: the mail's; in too: of one that the
				 * records have; "": they have it not */
	int64_t number;         /* of the recipient, likewise; < 0: none */
	char *suppressed;       /* who entered the suppression list; a new
				 * string; NULL: nobody */
	enum suppression_why why;
};

/* The mail that has an idempotency key. */
struct engine_keyed {
	char *id;      /* g_free(); NULL: none has */
	int64_t at_ms; /* wall clock: received */
	bool alike;    /* what was said then has the same digest */
};

struct engine {
	/* Open attempts are doubts from now on, and mails that were active are
	 * due, also for a report of success that is owed; offline only those
	 * without an open attempt. */
	void *(*open)(const struct engine_options *options, GError **error);
	void (*close)(void *self); /* checkpoints (TRUNCATE), closes */
	/* The last error in words, for the log. */
	const char *(*error)(const void *self);

	/* Gives back to the file system what room it can.  Outside a
	 * transaction; that there is no room even for that is OK. */
	enum engine_result (*spare)(void *self);

	enum engine_result (*begin)(void *self);
	enum engine_result (*commit)(void *self);
	void (*rollback)(void *self);

	/* ---- inside a transaction ---- */

	/* A fresh mail.  active: dispatch gets it now; else it is due at
	 * received_ms.  in_file: its bytes are kept in bodies/ID already; else
	 * they go into the database. */
	enum engine_result (*accept)(void *self,
	    const struct submission *submission, bool active, bool in_file);

	/* Of a submission with a resend_key: ids[i] (a new string) of the mail
	 * that recipient i is in already, by the same key, sender and bytes,
	 * and was not refused in; NULL: none.  ids holds one NULL per
	 * recipient. */
	enum engine_result (*resends)(
	    void *self, const struct submission *submission, char **ids);

	/* Of a submission with an idempotency_key: the mail that was accepted
	 * with it, into out, which is empty. */
	enum engine_result (*keyed)(void *self,
	    const struct submission *submission, struct engine_keyed *out);

	/* Forgets keys of mails received before, as forget() does. */
	enum engine_result (*forget_keys)(
	    void *self, int64_t before_ms, unsigned most, bool *more);

	/* Forgets resends of mails received before: `most` at once; *more:
	 * there may be others. */
	enum engine_result (*forget)(
	    void *self, int64_t before_ms, unsigned most, bool *more);

	/* One entry, its counts and notes, the report left out (the store
	 * accepts it); of PASSED, which has no rows, only the counts.  LANDED
	 * clears active, sets due_ms, or leaves the mail held.  *finished:
	 * LANDED, every recipient is final now, and it is not wanted back.  A
	 * recipient that is final stays what it is.  ABSENT too: a mail that is
	 * not active, a report that is not owed, ENDED of an attempt that is
	 * not open. in_file concerns TAKEN. */
	enum engine_result (*enter)(void *self, const struct journal *journal,
	    bool in_file, bool *finished);

	/* Marks a waiting mail as active and makes its submission again,
	 * `known` and all (queued, return address void).  A body that is
	 * missing or damaged: the mail is held, *submission NULL, OK; one that
	 * cannot be read just now (memory, descriptors): due again in a minute,
	 * *submission NULL, OK.  error() says which of the two, and why. */
	enum engine_result (*load)(
	    void *self, const char *id, struct submission **submission);

	/* Its rows leave the queue; *in_file: bodies/ID is to be unlinked after
	 * the commit. */
	enum engine_result (*remove)(void *self, const char *id, bool *in_file);

	/* Enters an event of a mail that is in the queue; sought: that it was
	 * heard.  A recipient in doubt at that provider is settled when it
	 * proves that it has the mail: at once if the mail waits or is held,
	 * else with its LANDED.  Not found and not sought: nothing is done. */
	enum engine_result (*hear)(void *self, struct engine_hearing *hearing);

	/* A slice of RETRY, HOLD, RELEASE, DROP of ask->id, or of all mails of
	 * ask->place; SUPPRESS and UNSUPPRESS as a whole.  When it is rolled
	 * back the caller puts `at`, `bound` and `done` back to what they
	 * were. */
	enum engine_result (*act)(void *self, struct engine_act *act);

	/* The clock was set back: mails that are due later than in most_ms are
	 * due then, and their recipients wait no longer; what landed in the
	 * future landed.  Some of them: *more says whether others are left. */
	enum engine_result (*clamp)(
	    void *self, int64_t now_ms, int64_t most_ms, bool *more);

	/* ---- reading, inside or outside ---- */

	/* The ids (char *) of mails to load, in the order of due. */
	enum engine_result (*due)(
	    void *self, const struct engine_due *query, GPtrArray *ids);

	/* How providers were when it was noted last (struct journal_state
	 * *). */
	enum engine_result (*states)(void *self, GPtrArray *states);

	/* Mails that are there, and the bytes of them, without asking the
	 * disk. */
	void (*fill)(const void *self, uint64_t *mails, uint64_t *bytes);

	/* When the next waiting mail is due (wall clock), 0: none waits. */
	enum engine_result (*next)(void *self, int64_t *due_ms);

	/* The oldest report that is owed: new; NULL: none is. */
	enum engine_result (*owed)(void *self, struct store_owed **owed);

	/* Everyone on the suppression list. */
	enum engine_result (*suppressed)(
	    void *self, store_suppressed_fn each, void *object);

	/* LIST, MAIL (of the queue, not the records), BODY, COUNTS. */
	enum engine_result (*ask)(void *self, struct store_ask *ask);

	/* Goes up with every change of what LIST and MAIL tell, without asking
	 * the disk. */
	uint64_t (*changes)(const void *self);

	/* True when bodies/ID is referred to: for sweeping orphans. */
	bool (*has)(void *self, const char *id);

	/* The ids of mails whose recipients are all final, left by a crash
	 * between the last commit and their removal.  At open. */
	enum engine_result (*finished)(void *self, GPtrArray *ids);
};

extern const struct engine engine_sqlite;

#endif
