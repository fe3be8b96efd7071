/* SPDX-License-Identifier: MIT */
/*
 * Evidence is what a provider says when it is asked about a mail in doubt, and
 * what that makes of the mail's ledger.  The dispatch thread.
 */
#ifndef DISPATCH_EVIDENCE_H
#define DISPATCH_EVIDENCE_H

#include "inquest.h"
#include "patience.h"
#include "state.h"

/* Reads how doubts are treated, and makes an inquest for each provider that can
 * be asked; its lanes are there. */
void evidence_open(struct dispatcher *dispatcher);
void evidence_close(struct dispatcher *dispatcher);

/* Nobody is asked any more. */
void evidence_stop(struct dispatcher *dispatcher);

/* Questions that wait to be put to that provider. */
unsigned evidence_waiting(const struct dispatcher *dispatcher, unsigned number);

/* Only its bounce could not be made: that is tried again after a while, however
 * long its lifetime is over. */
bool evidence_is_given_up(const struct ledger_recipient *recipient);

/* How the recipient's doubt stands at this moment. */
struct patience_doubt evidence_describe(const struct dispatcher *dispatcher,
    const struct flight *flight, unsigned recipient);

/* That provider has the mail for the recipient, in DOUBT or WAITING: ACCEPTED,
 * and counted as taken by it.  id is copied; NULL: none. */
void evidence_resolve(struct flight *flight, unsigned recipient,
    unsigned provider, const char *id);

/* Asks about those whose time to be asked about has come.  True: the flight is
 * ASKING, and goes on by round_advance() when it is answered. */
bool evidence_seek(
    struct dispatcher *dispatcher, struct flight *flight, int64_t now_ms);

/* The flight is not ASKING any more (NEW); its question is dropped. */
void evidence_drop(struct flight *flight);

/* The inquiry about these recipients, in doubt at one provider, whose mail left
 * in one request: as it left then, whatever the settings are now; a new one. */
struct inquiry *evidence_inquire(
    const struct flight *flight, const unsigned *numbers, unsigned count);

#endif
