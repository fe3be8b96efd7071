/* SPDX-License-Identifier: MIT */
/*
 * Doubts of a mail of the queue: how often a recipient is sent again who may
 * have it already, and how soon.  The dispatch thread.
 */
#ifndef DISPATCH_DOUBT_H
#define DISPATCH_DOUBT_H

#include "state.h"

/* An attempt of this flight ended in doubt. */
bool doubt_arose(const struct flight *flight);

/* Before those whose doubt is over are sent again: who was in doubt too often
 * is held; when the mail's lifetime is over nobody is asked any more. */
void doubt_review(
    struct dispatcher *dispatcher, struct flight *flight, int64_t now_ms);

/* Doubts that were waited out by now are settled by their policy: to be sent
 * again, or held. */
void doubt_thaw(
    struct dispatcher *dispatcher, struct flight *flight, int64_t now_ms);

/* Asks a provider about recipients whose time to be asked about has come: true
 * when the flight waits for the answer (FLIGHT_ASKING) and goes on by
 * round_advance(). */
bool doubt_ask(
    struct dispatcher *dispatcher, struct flight *flight, int64_t now_ms);

/* When something can be done about a doubt that is worth waiting for (monotonic
 * time), 0: there is nothing. */
int64_t doubt_next(const struct flight *flight);

/* The flight lands, and the schedule has the next round after that pause: not
 * before it are those sent again for whom it would not be another provider's
 * turn, nor those whose doubt is over. */
void doubt_delay(struct flight *flight, int64_t pause_ms);

#endif
