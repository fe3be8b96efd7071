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

/* Rounds that a mail gets at least before its age counts against it: the clock
 * may have jumped, and we may have been off the whole time. */
#define SCHEDULE_ROUNDS_MIN 3

/* How long a mail waits after its round (from 0) in vain: the time of that
 * round, of the rounds past the last one the last time, times 0.8 to 1.2 as
 * random (0 to 1) has it, so that mail which failed together does not come
 * back together.  times: int64_t ms, at least one. */
int64_t schedule_pause(const GArray *times, unsigned round, double random);

/* True when a mail of this age, after so many rounds in vain, is not tried
 * again. */
bool schedule_gives_up(int64_t age_ms, int64_t give_up_ms, unsigned rounds);

#endif
