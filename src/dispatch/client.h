/* SPDX-License-Identifier: MIT */
/*
 * The client of a mail that is not the queue's.  The dispatch thread.
 */
#ifndef DISPATCH_CLIENT_H
#define DISPATCH_CLIENT_H

#include "state.h"

/* Answers the client who waits and frees the flight, which is no
 * longer the dispatcher's. */
void client_leave(struct dispatcher *dispatcher, struct flight *flight);

/* The client's time is over, and the attempt goes on. */
void client_answer_open(struct dispatcher *dispatcher, struct flight *flight);

#endif
