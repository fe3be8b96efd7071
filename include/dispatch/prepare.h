/* SPDX-License-Identifier: MIT */
/*
 * Prepare turns submissions into messages on the work threads (parse) and
 * posts them to the dispatcher.
 *
 * A mail that was being read when the process died is read with care the third
 * time (GMime does not see it) and not at all the fourth; one whose bytes are
 * not those that were kept is not read either.  A mail of the queue is then
 * held, with a message of which nothing was read in the entry; a client who
 * waits is told 554, or 451 when it is the disk's fault.  A mail of the queue
 * that the disk does not read is tried again every minute, and held once it is
 * too old.
 */
#ifndef DISPATCH_PREPARE_H
#define DISPATCH_PREPARE_H

#include "core/busy.h"
#include "core/pool.h"
#include "dispatch/dispatcher.h"

struct prepare;

struct prepare_options {
	struct pool *work; /* borrowed; its stacks hold 2 MiB at least */
	struct dispatcher *dispatcher; /* the first; borrowed */
	const char *hostname;          /* ours; borrowed */
	int64_t give_up_ms; /* how long a mail is tried that cannot be read */
	struct busy *busy;  /* borrowed: outlives the store; NULL: none */
	journal_fn journal; /* NULL: there is no queue */
	void *store;
};

struct prepare *prepare_new(const struct prepare_options *options);
void prepare_free(struct prepare *prepare);

/* Mail that is prepared from now on goes to that dispatcher.  Once this returns
 * nobody takes the one before who does not hold it. */
void prepare_switch(struct prepare *prepare, struct dispatcher *dispatcher);

/* Any thread: a submission_fn. */
void prepare_post(void *prepare, struct submission *submission);

#endif
