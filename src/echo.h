/* SPDX-License-Identifier: MIT */
/*
 * The echo tells senders what providers told of their mail after they had taken
 * it: a report (RFC 3464), as an SMTP server would have sent, for programs that
 * know of nothing else.  It is made of what the record of the mail holds, on a
 * work thread, and queued by the store, once per recipient.
 */
#ifndef ECHO_H
#define ECHO_H

#include "core/config.h"
#include "core/pool.h"
#include "store.h"

struct echo;

struct echo_options {
	struct config *config; /* counted */
	struct pool *work;     /* borrowed, likewise the rest */
	const char *hostname;  /* ours */
	const struct spool_place *place;
};

struct echo *echo_new(const struct echo_options *options);

/* The store that owes reports and takes them.  Before it is started. */
void echo_attach(struct echo *echo, struct store *store);

/* Any thread: takes it over. */
void echo_post(void *echo, struct store_owed *owed);

/* After the work threads have ended.  NULL is fine. */
void echo_free(struct echo *echo);

#endif
