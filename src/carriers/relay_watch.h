/* SPDX-License-Identifier: MIT */
/*
 * The watch is all that the loop sees of a session that runs, blocking, on a
 * thread of its own: which step it is in, until when that may take, and the
 * connection, so that it can be cut.  The session's thread enters steps, the
 * loop looks; the shared fields are atomics.
 *
 * libESMTP's own timeouts are only a net below it: a write that it gives up on
 * leaves a hole in the mail and the session goes on.  A cut connection does
 * not.
 */
#ifndef RELAY_WATCH_H
#define RELAY_WATCH_H

#include "mail/exchange.h"
#include <stdatomic.h>

enum relay_step {
	RELAY_RESOLVING, /* no connection yet: getaddrinfo cannot be cut */
	RELAY_CONNECTING,
	RELAY_GREETING, /* until the server's first line */
	RELAY_HANDSHAKE,
	RELAY_COMMAND, /* until the reply to a command */
	RELAY_UPLOAD,
	RELAY_ANSWER, /* until the reply to the final dot */
	RELAY_QUIT,
};

enum relay_cut {
	RELAY_WHOLE,
	RELAY_CUT_TIME,     /* a step took too long */
	RELAY_CUT_DEADLINE, /* of the mail under way */
	RELAY_CUT_ABORT,    /* the carrier was told to */
	RELAY_CUT_GUARD,    /* the session's thread: what it saw must not be */
};

struct relay_watch {
	atomic_int step;
	_Atomic int64_t due_ms;
	_Atomic int64_t deadline_ms; /* of the mail under way; 0: none */
	atomic_int cut;
	atomic_int fd; /* a duplicate, always the same number; -1: none */

	/* the loop's */
	uint64_t upload_least; /* bytes to be acknowledged in a window */
	int64_t upload_window_ms;
	uint64_t acknowledged;
};

void relay_watch_init(
    struct relay_watch *watch, const struct endpoint *endpoint);

/* The session's thread.  The step may take ms from now. */
void relay_watch_enter(
    struct relay_watch *watch, enum relay_step step, int64_t ms);

/* The session's thread: this is the connection now.  False when it must not be
 * used: the session was cut already, or there is no descriptor to cut it by. */
bool relay_watch_open(struct relay_watch *watch, int fd);

/* The session's thread: true when the server has closed or reset it. */
bool relay_watch_is_gone(struct relay_watch *watch);

/* Either thread: cuts the connection, now or as soon as there is one; the
 * first reason stays. */
void relay_watch_cut(struct relay_watch *watch, enum relay_cut reason);

/* The loop: cuts what took too long.  Returns the ms until it must be looked
 * at again. */
int64_t relay_watch_look(struct relay_watch *watch, int64_t now_ms);

/* The loop, when the session's thread has ended it. */
void relay_watch_close(struct relay_watch *watch);

#endif
