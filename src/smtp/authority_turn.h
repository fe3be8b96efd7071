/* SPDX-License-Identifier: MIT */
/*
 * Whose turn it is to have a password hashed.  One that is hashed, or waits
 * longer, may be the failure that is the last of its name or from its address:
 * until it has come out, nobody else of that name or from there is hashed.
 * Those who share neither go past it, so that somebody who guesses holds up
 * nobody but himself.  Pure; the authority's loop.
 */
#ifndef SMTP_AUTHORITY_TURN_H
#define SMTP_AUTHORITY_TURN_H

#include "authority.h"

/* Takes the next ask out of those that wait (struct authority_ask *, in order);
 * NULL: each must wait for one that is hashed. */
struct authority_ask *authority_turn_take(
    GQueue *waiting, const GPtrArray *hashing);

#endif
