/* SPDX-License-Identifier: MIT */
/*
 * A body that is too large for the database is a file, state_dir/bodies/ID,
 * complete and synced before a row refers to it.  Writing it blocks, so that
 * threads of its own do it (sync-1, sync-2).  All functions are the store's
 * thread's.
 */
#ifndef STORE_BODY_H
#define STORE_BODY_H

#include "core/loop.h"
#include "mail/spool.h"

struct bodies;

/* One that is to be kept: embedded in what waits for it. */
struct body {
	struct letter letter;
	struct bodies *bodies;
	const char *id;      /* borrowed */
	struct spool *spool; /* borrowed */
	int wrong;           /* 0, or the errno of what failed */
	void (*kept)(void *object, int wrong);
	void *object;
};

enum body_fault {
	BODY_FULL,  /* no space */
	BODY_BUSY,  /* something else is wrong: this mail only */
	BODY_FATAL, /* a disk that does not keep what it was given */
};

/* Makes directory/bodies when it is not there.  loop gets what is kept.
 * offline: nothing will be kept.  NULL and error. */
struct bodies *body_open(
    const char *directory, struct loop *loop, bool offline, GError **error);

/* Keeps what is still to be kept and tells the loop. */
void body_stop(struct bodies *bodies);
void body_free(struct bodies *bodies);

/* Writes the file; then calls kept(object).  From now on it is under way,
 * until body_done(). */
void body_keep(struct bodies *bodies, struct body *body);

/* A row refers to it now, or it was removed. */
void body_done(struct bodies *bodies, const char *id);

/* Removes the file, if there is one. */
void body_remove(struct bodies *bodies, const char *id);

/* True until no row needs to be looked for any more. */
bool body_is_under_way(const struct bodies *bodies, const char *id);

/* The directory of the files. */
const char *body_directory(const struct bodies *bodies);

/* What an errno of keeping means. */
enum body_fault body_fault(int wrong);

#endif
