/* SPDX-License-Identifier: MIT */
/*
 * A carrier takes exchanges to the outside and back: HTTP over curl multi on
 * the dispatch loop, SMTP over libESMTP on threads of its own.  It never
 * retries, never follows a redirect, never reads what an answer means.
 */
#ifndef CARRIER_H
#define CARRIER_H

#include "core/loop.h"
#include "mail/exchange.h"

struct carrier {
	/* Takes the exchange; later calls exchange->done on the loop's thread,
	 * exactly once.  The loop's thread. */
	void (*send)(void *self, struct exchange *exchange);

	/* Breaks off what is under way to that endpoint, NULL: to all: each
	 * exchange is done soon (never within the call), UNSENT or LOST as it
	 * was.  The loop's thread. */
	void (*abort)(void *self, const struct endpoint *endpoint);

	/* Frees it; nothing is under way.  After the loop has stopped, before
	 * it is freed.  May wait for a name that is being looked up. */
	void (*free)(void *self);

	void *self;
};

/* Once, in main, before any thread: curl and OpenSSL. */
void carrier_http_start(void);

/* The HTTP carrier of a loop. */
struct carrier carrier_http_new(struct loop *loop);

struct carrier_relay_options {
	unsigned threads;       /* sessions at a time, over all servers */
	unsigned session_mails; /* mails in one session, at most: 10 */
};

/* Once, in main, before any thread: libESMTP and OpenSSL.  SIGPIPE is ignored,
 * and HOME names nothing: libESMTP refuses TLS when it may not look there. */
void carrier_relay_start(void);

/* The SMTP carrier; done is called on the loop's thread. */
struct carrier carrier_relay_new(
    struct loop *loop, const struct carrier_relay_options *options);

#endif
