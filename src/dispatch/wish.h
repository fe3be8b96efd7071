/* SPDX-License-Identifier: MIT */
/*
 * What the sender of a mail wishes to be told of each recipient (RFC 3461), as
 * it stands with him now.  Nobody is there to wish for the null sender, nor for
 * a report of our own: of those the operator is told.  The dispatch thread.
 */
#ifndef DISPATCH_WISH_H
#define DISPATCH_WISH_H

#include "flight.h"

/* The refused, since the store was told last, whose refusal is told to
 * somebody. */
bool wish_failure(const struct flight *flight, unsigned number);

/* The refused, since then, whom nobody wants to hear of. */
bool wish_silence(const struct flight *flight, unsigned number);

/* Who waits, and whose delay may be told. */
bool wish_delay(const struct flight *flight, unsigned number);

/* The accepted whose sender asked to be told, and was not yet. */
bool wish_success(const struct flight *flight, unsigned number);

/* The recipients of whom one of these is true. */
typedef bool (*wish_fn)(const struct flight *flight, unsigned number);
unsigned wish_count(const struct flight *flight, wish_fn wish);

/* Of all whose success is wished for: it is told, or there is nobody to tell;
 * the store is to know. */
void wish_fulfil(struct flight *flight);

#endif
