/* SPDX-License-Identifier: MIT */
/*
 * A ramp brings back what waited in the queue for a provider, as fast as the
 * lanes take it: at first twice as many mails as they send at a time, more
 * whenever a lane could send and nobody waits for it, until all the store has
 * are on their way.  So the backlog is on disk until its turn comes, and fresh
 * mail finds short lines.  The dispatch thread.
 */
#ifndef DISPATCH_RAMP_H
#define DISPATCH_RAMP_H

#include "state.h"

struct ramp *ramp_new(struct dispatcher *dispatcher);
void ramp_free(struct ramp *ramp);

/* All that wait are to be woken: from the beginning again. */
void ramp_start(struct dispatcher *dispatcher);

void ramp_stop(struct dispatcher *dispatcher);

#endif
