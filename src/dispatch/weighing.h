/* SPDX-License-Identifier: MIT */
/*
 * Refusals are weighed before anyone is told of them: a provider that refuses
 * everything says nothing about a mail.
 *
 *	given --it took another mail since the attempt began--> believed
 *	  |   --refused by two providers----------------------> believed
 *	  |   --refusal_wait is over (longer in a row of
 *	  |     refusals, see guard_wait)---------------------> believed
 *	  '---the lane is distrusted, and took nothing since--> void
 *
 * Whose refusal is void waits to be sent: by another provider in this round,
 * by that one when it is well again.  A suppression, and what the plan found,
 * is no provider's whim: not weighed.  The dispatch thread.
 */
#ifndef DISPATCH_WEIGHING_H
#define DISPATCH_WEIGHING_H

#include "state.h"

struct weighing *weighing_new(unsigned lanes, int64_t wait_ms);
void weighing_free(struct weighing *weighing);

/* An attempt by that lane begins. */
void weighing_begin(
    struct dispatcher *dispatcher, struct flight *flight, unsigned lane);

/* What came of it is in the ledger: its refusals are to be weighed. */
void weighing_enter(struct dispatcher *dispatcher, struct flight *flight,
    const struct outcome *outcome);

/* The lane knows of an attempt that took so many. */
void weighing_note(
    struct dispatcher *dispatcher, const struct lane *lane, unsigned accepted);

/* Moves on whoever waits for what was noted; flights may be gone. */
void weighing_wake(struct dispatcher *dispatcher, const struct lane *lane);

/* Weighs what can be now: void refusals wait to be sent. */
void weighing_review(
    struct dispatcher *dispatcher, struct flight *flight, int64_t now_ms);

/* When the last of those that are not weighed yet is believed (monotonic); 0:
 * there is none. */
int64_t weighing_until(const struct flight *flight);

/* The flight waits for that (FLIGHT_WEIGHING); and does so no more (NEW). */
void weighing_wait(struct dispatcher *dispatcher, struct flight *flight);
void weighing_leave(struct dispatcher *dispatcher, struct flight *flight);

/* The flight lands: what is not weighed is believed, or (it stops short) it
 * waits. */
void weighing_end(struct dispatcher *dispatcher, struct flight *flight);

#endif
