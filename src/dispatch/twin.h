/* SPDX-License-Identifier: MIT */
/*
 * A twin is a sending of a mail that comes while another sending of the same
 * one has an attempt under way.  It waits for that one, within its client's
 * deadline: what that one comes to, it comes to as well.  When that one was not
 * taken, one twin takes its place and the others wait for this one, so that
 * never two of them send at once.  The dispatch thread.
 */
#ifndef DISPATCH_TWIN_H
#define DISPATCH_TWIN_H

#include "state.h"

/* True when a doubt of the flight is another sending's that has not ended: the
 * flight will be moved on when it does. */
bool twin_waits(const struct dispatcher *dispatcher, struct flight *flight);

/* The flight ends: whoever waits for it comes to the same, and is moved on soon
 * (by its timer, not within the call). */
void twin_tell(struct dispatcher *dispatcher, const struct flight *first);

/* The queue has that mail, on disk (recorded), or cannot take it: nobody waits
 * on for it. */
void twin_own(struct dispatcher *dispatcher, const struct message *message,
    bool recorded);

#endif
