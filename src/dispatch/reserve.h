/* SPDX-License-Identifier: MIT */
/*
 * The reserve of a route: mail goes by a provider because one before it cannot
 * be asked.  Nothing is wrong with the mail, so nobody would notice: it is told
 * loudly once it has lasted, and when it is over; and when mail waits because
 * no provider of its route can be asked at all, as long as that is so.  The
 * dispatch thread.
 */
#ifndef DISPATCH_RESERVE_H
#define DISPATCH_RESERVE_H

#include "state.h"

/* After so long, or so many mails, it is told. */
#define RESERVE_TELL_MS    (60 * INT64_C(1000))
#define RESERVE_TELL_MAILS 10

/* A provider that may be asked again, and is not for so long: there is no
 * mail to ask it with. */
#define RESERVE_IDLE_MS (10 * INT64_C(1000))

struct reserve;

struct reserve *reserve_new(struct dispatcher *dispatcher);
void reserve_free(struct reserve *reserve);

/* The flight is about to be sent by this lane. */
void reserve_note(struct dispatcher *dispatcher, const struct flight *flight,
    const struct lane *lane);

/* The flight found nobody to send it by: what waits of it may be of a route of
 * which no provider can be asked. */
void reserve_miss(struct dispatcher *dispatcher, const struct flight *flight);

/* Whether a lane can be asked may have changed. */
void reserve_review(struct dispatcher *dispatcher);

/* Nothing is told any more. */
void reserve_stop(struct dispatcher *dispatcher);

#endif
