/* SPDX-License-Identifier: MIT */
/*
 * The schedule of mail that could not be delivered: when it is tried again,
 * and when it is given up.  Pure: time and chance are arguments.
 */
#ifndef DISPATCH_SCHEDULE_H
#define DISPATCH_SCHEDULE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Attempts, or rounds in which nobody could be asked, that a mail gets at least
 * before its age counts against it: the clock may have jumped, and we may have
 * been off the whole time. */
#define SCHEDULE_TRIES_MIN 3

/* Where nobody can be asked: how long this process has to have seen it so, if
 * mail is not given up sooner. */
#define SCHEDULE_GRACE_MS (60 * 60 * INT64_C(1000))

/* What a mail has behind it. */
struct schedule_life {
	int64_t age_ms, give_up_ms;
	int64_t up_ms;     /* this process */
	unsigned attempts; /* over its life, that ended */
	unsigned rounds;   /* in vain, with this one */
	bool asked;        /* a provider was, by this process */
	bool closed;       /* no provider takes it now */
};

/* How long a mail waits after its round (from 0) in vain: the time of that
 * round, of the rounds past the last one the last time, times 0.8 to 1.2 as
 * random (0 to 1) has it, so that mail which failed together does not come
 * back together.  times: int64_t ms, at least one. */
int64_t schedule_pause(const GArray *times, unsigned round, double random);

/* True when the mail is not tried again: it is of the age, and providers were
 * asked often enough, lately by this process; or nobody can be asked, and that
 * is not because we just came up. */
bool schedule_gives_up(const struct schedule_life *life);

#endif
