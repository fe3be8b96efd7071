/* SPDX-License-Identifier: MIT */
/*
 * What a lane waits for: one timer each, for all that time alone changes (its
 * pause, its gate, its rate, its quota), for whoever waits in its lines and for
 * the mail of the queue that waits for a provider.  The dispatch thread.
 */
#ifndef DISPATCH_PAUSE_H
#define DISPATCH_PAUSE_H

#include "state.h"

void pause_open(struct dispatcher *dispatcher);
void pause_close(struct dispatcher *dispatcher);

/* The queue is there: mail that waits for a provider is woken, unless all of
 * them are closed. */
void pause_start(struct dispatcher *dispatcher);

/* An attempt by this lane, or time, changed this of it (enum lane_change):
 * whoever waits in the queue or for another lane comes to know. */
void pause_note(
    struct dispatcher *dispatcher, struct lane *lane, unsigned changes);

/* The lane took a mail: should it want another to be surer that it is back, the
 * next one is woken at once. */
void pause_took(struct dispatcher *dispatcher, const struct lane *lane);

/* A request begins: what that used up is acted upon soon. */
void pause_tick(struct dispatcher *dispatcher, struct lane *lane);

/* A mail that was woken lands: as long as a lane that lacks a mail to probe
 * with was not asked to take it, the next one is woken at once, until all that
 * wait were. */
void pause_miss(struct dispatcher *dispatcher, const struct flight *flight);

/* Nobody is woken any more. */
void pause_stop(struct dispatcher *dispatcher);

/* Nobody waits for the lane any more: those who were put off for want of room
 * in its line are woken. */
void pause_refill(struct dispatcher *dispatcher, struct lane *lane);

#endif
