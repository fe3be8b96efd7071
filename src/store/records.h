/* SPDX-License-Identifier: MIT */
/*
 * The records: what became of mails that are finished, kept for a time in
 * records.db, written unsynced by a thread of its own, so that neither keeping
 * nor searching holds up the queue.
 */
#ifndef STORE_RECORDS_H
#define STORE_RECORDS_H

#include "veil.h"

struct records;
struct heard_of;

struct records_options {
	const char *directory;
	int64_t keep_ms;         /* older ones are removed, a slice at a time */
	struct veil_terms terms; /* what is not told of them */
	bool offline;            /* nothing is removed */
	/* On the records' thread: these (char *, owned by the callee then) are
	 * in records.db, or cannot be (a full or broken disk: lost to the
	 * records, logged once; the queue lets go of them all the same). */
	void (*moved)(void *object, GPtrArray *ids);
	/* On the same: what a question finds is another from now on. */
	void (*changed)(void *object);
	void *object;
};

/* A records.db that is damaged is put aside (records.db.damaged) with a log
 * line and begun anew: it holds nothing that is still to be sent.  NULL and
 * error when there is none to be had, or it is of a newer version. */
struct records *records_open(
    const struct records_options *options, GError **error);

/* Any thread: takes the mail (with recipients, attempts, acts) over; it
 * replaces what is known by that id.  moved() follows. */
void records_keep_post(struct records *records, struct store_mail *mail);

/* The same for a mail that has no rows in the queue to be removed: soon, with
 * others.  A question that is posted behind it finds it. */
void records_pass_post(struct records *records, struct store_mail *mail);

/* Any thread: answers MAIL, and LIST of FINISHED; then answered(ask's object)
 * by the function on the records' thread. */
void records_ask_post(struct records *records, struct store_ask *ask,
    void (*answered)(struct store_ask *ask));

/* Events of mails that may be finished. */
struct records_hearing {
	const GPtrArray *events; /* struct event *; borrowed until entered() */
	struct heard_of *found;  /* of each: its mail; id "": there is none;
				  * likewise */
	void (*entered)(void *object); /* on the records' thread */
	void *object;
};

/* Any thread: enters them in the stories of their mails, once each. */
void records_hear_post(
    struct records *records, const struct records_hearing *hearing);

/* Writes what waits, ends the thread.  NULL is fine. */
void records_close(struct records *records);

#endif
