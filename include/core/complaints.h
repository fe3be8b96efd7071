/* SPDX-License-Identifier: MIT */
/*
 * Complaints are what is wrong now with files: a certificate that has ended, a
 * file that cannot be read again, mail that nobody takes.  Set and
 * cleared on the main thread; any thread may list them.
 */
#ifndef CORE_COMPLAINTS_H
#define CORE_COMPLAINTS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct complaints;

struct complaint {
	const char *kind;    /* a literal: "certificate_ends",
			      * "certificate_ended", "certificate_unread",
			      * "users_unread", "drop_refused" */
	const char *subject; /* what it is about: a file */
	bool urgent;         /* somebody has to know now */
	int64_t since_ms;    /* wall clock; 0: since it was set first */
	const char *text;    /* one line: what */
	const char *advice;  /* one line: what to do */
};

/* One begins, or it is over.  On the main thread; borrowed for the call. */
typedef void (*complaints_fn)(
    void *object, const struct complaint *complaint, bool over);

struct complaints *complaints_new(void);
/* NULL is fine. */
void complaints_free(struct complaints *complaints);

/* Tells of those there are, and from then on of each that begins or ends. */
void complaints_watch(
    struct complaints *complaints, complaints_fn changed, void *object);

/* It is so; the complaint is copied, and takes the place of the one of its kind
 * and subject. */
void complaints_set(
    struct complaints *complaints, const struct complaint *complaint);

/* It is not so, or not any more. */
void complaints_clear(
    struct complaints *complaints, const char *kind, const char *subject);

/* Adds a copy of each (struct complaint *), in the order they began. */
void complaints_list(struct complaints *complaints, GPtrArray *out);

/* A GDestroyNotify of such a copy. */
void complaints_free_one(void *complaint);

#endif
