/* SPDX-License-Identifier: MIT */
/*
 * How the providers are is kept over a restart: the store is told when a lane
 * changed, before more of a quota is used than it knows, and at the stop.  The
 * dispatch thread.
 */
#ifndef DISPATCH_KEEPING_H
#define DISPATCH_KEEPING_H

#include "state.h"

struct keeping;

struct keeping *keeping_new(struct dispatcher *dispatcher);
void keeping_free(struct keeping *keeping);

/* The lanes become as they were told to be. */
void keeping_recall(struct dispatcher *dispatcher);

/* How they are, as an entry of the journal: new. */
struct journal *keeping_print(struct dispatcher *dispatcher);

/* The lanes become as those of the same name are in the dispatcher before. */
void keeping_inherit(struct dispatcher *dispatcher, struct dispatcher *before);

/* A lane changed: told soon. */
void keeping_note(struct dispatcher *dispatcher);

/* Recipients are about to be sent to: told now if a quota counts more than the
 * store knows, so that a kill forgets none of them. */
void keeping_count(struct dispatcher *dispatcher, struct lane *lane);

/* Told now, for the last time. */
void keeping_stop(struct dispatcher *dispatcher);

#endif
