/* SPDX-License-Identifier: MIT */
/*
 * An omission is an entry that was not recorded.  When the disk is full or bad
 * there is one for each mail under way: the first is told by name, the others
 * within a second as a number.  The store's thread.
 */
#ifndef STORE_OMISSION_H
#define STORE_OMISSION_H

#include <stdint.h>

#define OMISSION_EACH_MS INT64_C(1000)

struct omissions {
	int64_t told_ms;  /* monotonic: the last line; 0: none yet */
	unsigned more;    /* since then */
	const char *what; /* the last of them... */
	char *why;        /* ...and why it was not recorded */
};

/* One thing that is to be told. */
struct omission {
	const char *mail; /* its id; "" for none */
	const char *what; /* the entry's kind, a literal */
	const char *why;
};

void omission_note(struct omissions *omissions, const struct omission *omission,
    int64_t now_ms);

/* Once a second, and at the end: tells of those that were only counted. */
void omission_tell(struct omissions *omissions, int64_t now_ms);

#endif
