/* SPDX-License-Identifier: MIT */
/*
 * The lifetime of a mail of the queue: how old it is, and whether that is too
 * old.  The dispatch thread.
 *
 * Nobody is given up for age alone.  It takes
 *
 *	age >= give_up of its route, three attempts over its life, and one of
 *	them by this process; or,
 *
 *	where nobody can be asked: age >= give_up, three rounds in vain, every
 *	provider of its route closed to it now, and this process up for give_up,
 *	or an hour if that is less.
 *
 * So mail that comes up with us, after we were off for longer than its life, is
 * tried before it is given up, whoever is asked first; what a provider that is
 * down for days left over is given up all the same, and what waits for a
 * provider that takes mail is not, however long the line.
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

/* For a doubt of that group: the lifetime is over as above, or just now, while
 * it was looked after: it needs no more rounds to be sure. */
bool lifetime_ends_doubt(
    struct dispatcher *dispatcher, const struct flight *flight, unsigned group);

/* The end of a doubt of that group, which is no later than the lifetime's: of
 * two monotonic times the first.  Of this moment: the wall clock may be set
 * before it comes.  Where lifetime_ends_doubt() would not end it
 * the lifetime bounds nothing. */
int64_t lifetime_bound(
    const struct flight *flight, unsigned group, int64_t until_ms);

/* Its sender wants to be told of a delay by now. */
bool lifetime_is_long(
    struct dispatcher *dispatcher, const struct flight *flight);

#endif
