/* SPDX-License-Identifier: MIT */
/*
 * A harvest fetches events from a provider that cannot post them to us
 * (events = poll): each time those since the last one and somewhat before,
 * page by page, each page on disk before the next is asked for.  Some events
 * stand in no page before half an hour is over: what is older is gone through
 * once more.  Where it stands survives a restart.  The dispatch thread.
 */
#ifndef DISPATCH_HARVEST_H
#define DISPATCH_HARVEST_H

#include "state.h"

struct harvest;

/* The lanes are there; nothing is asked yet. */
void harvest_open(struct dispatcher *dispatcher);
void harvest_close(struct dispatcher *dispatcher);

/* Those of `events = poll` are fetched, now and from time to time. */
void harvest_start(struct dispatcher *dispatcher);
void harvest_stop(struct dispatcher *dispatcher);

/* What is under way ends soon. */
void harvest_break_off(const struct dispatcher *dispatcher);

/* Adds where each stands to what the store keeps of providers; and back, when
 * it is of one of them. */
void harvest_print(
    const struct dispatcher *dispatcher, struct journal *journal);
void harvest_recall(
    struct dispatcher *dispatcher, const struct journal_state *state);

#endif
