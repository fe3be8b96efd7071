/* SPDX-License-Identifier: MIT */
/*
 * Entries of the journal: what the store is told of a flight.  The dispatch
 * thread.
 */
#ifndef DISPATCH_ENTRY_H
#define DISPATCH_ENTRY_H

#include "state.h"

/* An attempt begins: noted in the flight where there is a journal, and
 * told to the store; recorded(flight) follows. */
void entry_open(struct dispatcher *dispatcher, struct flight *flight);
void entry_begin(struct dispatcher *dispatcher, struct flight *flight,
    journal_recorded_fn recorded);

/* It ended, as this verdict says, and the ledger knows. */
void entry_end(struct dispatcher *dispatcher, struct flight *flight,
    const struct verdict *verdict);

/* A line of the mail's story, for the next entry of it; the text is the
 * flight's from then on. */
void entry_note(struct flight *flight, char *text);

/* The mail becomes the queue's; recorded(object) follows. */
void entry_take(struct dispatcher *dispatcher, struct flight *flight,
    journal_recorded_fn recorded, void *object);

/* The mail goes back to the store, as flight->landing says. */
void entry_land(struct dispatcher *dispatcher, struct flight *flight);

/* The mail was its client's to the end. */
void entry_pass(struct dispatcher *dispatcher, struct flight *flight);

#endif
