/* SPDX-License-Identifier: MIT */
/*
 * A quota: so many recipients in an hour or a day, of the wall clock in UTC,
 * beginning anew with each.  A mail to more than the whole of it goes when any
 * of it is left, and what is too much is taken from those that follow.  Pure.
 */
#ifndef DISPATCH_QUOTA_H
#define DISPATCH_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#define QUOTA_HOUR_MS (60 * 60 * INT64_C(1000))
#define QUOTA_DAY_MS  (24 * QUOTA_HOUR_MS)

struct quota {
	int64_t span_ms; /* an hour or a day */
	uint64_t most;   /* 0: any */
	int64_t window;  /* the one that `used` is of: wall clock / span */
	uint64_t used;
	uint64_t kept; /* of that window: what a restart takes as used */
};

/* So many are kept as used before they are: a hundredth of it, at most that
 * many. */
#define QUOTA_AHEAD_PART 100
#define QUOTA_AHEAD_MOST 100

/* Used of the window at that time. */
uint64_t quota_used(const struct quota *quota, int64_t wall_ms);

/* True when so many more fit into it; of 1: when any is left. */
bool quota_fits(
    const struct quota *quota, unsigned recipients, int64_t wall_ms);

/* Takes them, fit they or not.  Returns the window. */
int64_t quota_take(struct quota *quota, unsigned recipients, int64_t wall_ms);

/* True when more is used than is kept: then some more is to be kept, before
 * anything of it is sent. */
bool quota_keep(struct quota *quota);

/* They were not sent: given back unless the window is over. */
void quota_return(struct quota *quota, unsigned recipients, int64_t window);

/* The wall clock was set to that: a window that it has not reached is the one
 * it shows. */
void quota_clock(struct quota *quota, int64_t wall_ms);

/* When the next window begins (wall clock). */
int64_t quota_turn_ms(const struct quota *quota, int64_t wall_ms);

#endif
