/* SPDX-License-Identifier: MIT */
/*
 * Hearing is what is done with events, however they came: doubts of mail that
 * is in dispatch are settled, and then all goes to the store, which settles
 * those of mail that lies there.  In this order nothing is missed: what
 * dispatch lets go of is in the store before the events are, and what it gets
 * from there later finds what was heard.  The dispatch thread.
 */
#ifndef DISPATCH_HEARING_H
#define DISPATCH_HEARING_H

#include "hearsay.h"
#include "state.h"

/* Takes the batch over; batch->recorded is called on the store's thread, as
 * event_fn has it; without a store at once, here: there is nothing to record.
 * The dispatcher is that at the helm. */
void hearing_take(struct dispatcher *dispatcher, struct event_batch *batch);

/* Who is in doubt, and of whom was heard that the provider has the mail, is
 * ACCEPTED.  The flight is NEW. */
void hearing_apply(struct dispatcher *dispatcher, struct flight *flight);

#endif
