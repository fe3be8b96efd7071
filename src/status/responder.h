/* SPDX-License-Identifier: MIT */
/*
 * A responder is libmicrohttpd on a socket that we bind ourselves, with
 * a thread for each connection: a handler may wait for the store.
 */
#ifndef STATUS_RESPONDER_H
#define STATUS_RESPONDER_H

#include "porter.h"

struct responder;

struct responder_options {
	struct status *status;       /* borrowed: what is answered */
	int listener;                /* listening, non-blocking */
	const struct porter *porter; /* borrowed: who may ask; NULL: who could
				      * open the socket, and is asked after */
};

/* Answers from now on, and owns the listener; NULL when there are no threads or
 * descriptors left: then it is still the caller's. */
struct responder *responder_open(const struct responder_options *options);

/* Takes no more requests, finishes those under way. */
void responder_close(struct responder *responder);

#endif
