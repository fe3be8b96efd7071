/* SPDX-License-Identifier: MIT */
/*
 * The lifetime of a mail of the queue: how old it is, and whether that is too
 * old.  The dispatch thread.
 */
#ifndef DISPATCH_LIFETIME_H
#define DISPATCH_LIFETIME_H

#include "state.h"

int64_t lifetime_age(const struct flight *flight);

/* Looks at the clocks: true when ages are to be believed. */
bool lifetime_trusts(struct dispatcher *dispatcher);

/* Looks at the clocks: for the recipients of that group the round that ends, or
 * is about to, is in vain for the last time. */
bool lifetime_is_over(
    struct dispatcher *dispatcher, const struct flight *flight, unsigned group);

/* How long mail of that group is tried, in all. */
int64_t lifetime_of(const struct flight *flight, unsigned group);

/* Its sender wants to be told of a delay by now. */
bool lifetime_is_long(
    struct dispatcher *dispatcher, const struct flight *flight);

#endif
