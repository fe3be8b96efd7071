/* SPDX-License-Identifier: MIT */
/*
 * Doubts: whether a provider has the mail that never answered, who is sent
 * again although somebody may have it, and how soon.  The dispatch thread.
 */
#ifndef DISPATCH_DOUBT_H
#define DISPATCH_DOUBT_H

#include "state.h"

/* Whoever is asked about doubts, and watched; the lanes are there. */
void doubt_open(struct dispatcher *dispatcher);
void doubt_close(struct dispatcher *dispatcher);

/* Nobody is asked any more. */
void doubt_stop(struct dispatcher *dispatcher);

/* An attempt of this flight ended in doubt, or left one as it was. */
bool doubt_arose(const struct flight *flight);

/* The doubts that a store or the memory kept, entered into the ledger just now,
 * are made to fit their policy. */
void doubt_recall(
    struct dispatcher *dispatcher, struct flight *flight, int64_t now_ms);

/* The ledger knows what came of flight->exchange: doubts get their times, and
 * the watch hears of whom another provider has taken. */
void doubt_settle(
    struct dispatcher *dispatcher, struct flight *flight, int64_t now_ms);

/* Doubts of which the provider told that it has the mail are settled; those
 * that were waited out by now are settled by their policy: to be sent
 * again, or held; who was in doubt too often is held; when the mail's lifetime
 * is over nobody is asked any more. */
void doubt_thaw(
    struct dispatcher *dispatcher, struct flight *flight, int64_t now_ms);

/* Asks a provider about recipients whose time to be asked about has come: true
 * when the flight waits for the answer (FLIGHT_ASKING) and goes on by
 * round_advance(). */
bool doubt_ask(
    struct dispatcher *dispatcher, struct flight *flight, int64_t now_ms);

/* FLIGHT_ASKING ends without an answer: NEW. */
void doubt_drop(struct flight *flight);

/* When something can be done about a doubt that is worth waiting for (monotonic
 * time), 0: there is nothing. */
int64_t doubt_next(const struct flight *flight);

/* The same for a mail that lands: when it is wanted back for its doubts.  While
 * others wait for their next round, the asks come with the rounds. */
int64_t doubt_due(const struct flight *flight);

/* The flight lands: whoever was to be sent to the same provider again, and was
 * not, is in doubt as before. */
void doubt_restore(struct flight *flight);

/* The flight lands, and the schedule has the next round after that pause: not
 * before it are those sent again for whom it would not be another provider's
 * turn, nor those whose doubt is over. */
void doubt_delay(struct flight *flight, int64_t pause_ms);

#endif
