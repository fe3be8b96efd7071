/* SPDX-License-Identifier: MIT */
/*
 * What the files of the store share: the store itself.  Its loop's thread,
 * but where it says otherwise.
 *
 * Letters only lay down what they ask for; after all that waited were read a
 * turn (batch.c) writes it in one transaction, and then tells everyone:
 *
 *	fresh.c      submissions to be queued
 *	entries.c    what dispatch has to say of its mails
 *	question.c   what people ask and do
 *	departure.c  finished mails: to the records, then out of the queue
 *	due.c        what is to be loaded, when
 *	repeat.c     mails that their client sends once more
 *	hearing.c    what providers tell of mails they took
 *	news.c       what changes in the suppression list
 *	space.c      whether there is room on the disk, and the ballast
 */
#ifndef STORE_STATE_H
#define STORE_STATE_H

#include "body.h"
#include "engine.h"
#include "omission.h"
#include "records.h"
#include "sweep.h"
#include "window.h"
#include <stdatomic.h>

struct space {
	enum disk_state state;
	uint64_t ballast_bytes;
	bool ballast;                /* it is there */
	enum disk_shortage shortage; /* told of in the log */
	int64_t shortage_ms;         /* monotonic: last seen */
	bool retry; /* FULL: what waits is tried: at first, each second, and
		     * when something comes that must be recorded */
};

struct due {
	int64_t next_ms;   /* wall clock: nothing is due before */
	int64_t looked_ms; /* monotonic: the last look */
	int64_t woken_ms;  /* wall clock; 0: nobody was woken */
	unsigned probes;   /* woken mails to load */
	unsigned ramp;     /* tried mails on their way, before one that was
			    * woken is loaded */
	GPtrArray *loaded; /* struct submission *, in this transaction */
	bool looking;      /* in this transaction */
	int64_t ahead_ms;  /* of the steady clock: the other, at its most */
	bool set_back;     /* it may have been: mails may wait too long */
	bool beyond;       /* in this transaction: some of them still do */
};

struct departures {
	GQueue finished;     /* char *: ids, to be told to the records */
	GQueue removals;     /* struct removal * */
	GHashTable *leaving; /* ids of both, and of those between */
	GHashTable *aborted; /* ids of those that are not ours after all */
};

struct resends {
	int64_t keep_ms;
	int64_t keep_keys_ms; /* idempotency keys */
	int64_t look_ms;      /* monotonic: the next look for old ones */
};

struct hearings {
	unsigned suppress; /* 1 << enum suppression_why: what enters the list */
	GQueue waiting;    /* struct hearing *: to be entered */
	GQueue later;      /* whose mail may come yet: in a second */
	bool owes;         /* a report may be owed */
	GHashTable *proven; /* ids of active mails that an event may take out
			     * of doubt when they land */
};

struct store {
	struct store_options options;
	char *directory;
	int64_t inline_max;
	const struct engine *engine;
	void *rows; /* the engine's own */
	struct loop *loop;
	struct records *records; /* NULL: closed already */
	struct window *window;
	struct bodies *bodies;
	struct sweep *sweep; /* NULL: done */
	struct loop_timer *again, *second, *broom;
	bool started; /* what is due is posted onward */
	bool quiet;   /* nothing is, any more */
	bool closing; /* the threads that make files end */
	struct space space;
	GQueue fresh;     /* struct fresh *: to be inserted */
	GQueue entries;   /* struct entry *: in the order posted */
	GQueue questions; /* struct question * */
	struct due due;
	struct departures departures;
	struct hearings hearings;
	struct resends resends;
	struct omissions omissions;
	uint64_t changes;             /* of the rows, as told last */
	atomic_uint_fast64_t version; /* any thread */
};

/* What LIST and MAIL tell is another from now on.  Any thread. */
static inline void
store_changed(struct store *store)
{
	atomic_fetch_add(&store->version, 1);
}

/* True when mail may be posted onward. */
static inline bool
store_sends(const struct store *store)
{
	return store->started && !store->quiet && !store->options.offline;
}

/* True when what waits may be written. */
static inline bool
store_has_room(const struct store *store)
{
	return store->space.state == DISK_WELL ||
	       store->space.state == DISK_LOW;
}

/* True when these bytes are to be a file, not a row. */
static inline bool
store_keeps_file(const struct store *store, const struct spool *spool)
{
	return spool_size(spool) > (uint64_t)store->inline_max;
}

/* store.c: opens it with this engine. */
struct store *store_open_with(const struct engine *engine,
    const struct store_options *options, GError **error);

#endif
