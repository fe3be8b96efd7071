/* SPDX-License-Identifier: MIT */
/*
 * What waits in the queue for a provider is woken when its pause ends.  The
 * dispatch thread.
 */
#ifndef DISPATCH_PAUSE_H
#define DISPATCH_PAUSE_H

#include "state.h"

/* Wakes mail of the queue when a lane's pause ends. */
void pause_open(struct dispatcher *dispatcher);
void pause_close(struct dispatcher *dispatcher);

/* An attempt by this lane ended and changed this of it (enum
 * lane_change). */
void pause_note(
    struct dispatcher *dispatcher, struct lane *lane, unsigned changes);

/* Nobody is woken any more. */
void pause_stop(struct dispatcher *dispatcher);

#endif
