/* SPDX-License-Identifier: MIT */
/*
 * The hook is where a session gets at what libESMTP does by itself: it
 * connects with a blocking connect(2) that may take two minutes, and shows
 * nobody the socket.  So connect() is defined here, in front of the C
 * library's, and what belongs to a session is found by a thread-local; for
 * everybody else it is the plain system call.
 */
#ifndef RELAY_HOOK_H
#define RELAY_HOOK_H

#include "relay_watch.h"

struct relay_hook {
	struct relay_watch *watch;
	unsigned port;      /* of the server: other connections are not ours */
	int64_t connect_ms; /* for all its addresses */
	int64_t begun_ms;   /* of the first address; 0: not yet */
	int error;          /* errno of the last failed connect; 0: none */
	long verify_error;  /* X509_V_ERR_... of the certificate; 0: none */
};

/* From here to relay_hook_leave() this thread's connections are hooked. */
void relay_hook_enter(struct relay_hook *hook);
void relay_hook_leave(void);

/* The hook of this thread's session, or NULL. */
struct relay_hook *relay_hook_mine(void);

#endif
