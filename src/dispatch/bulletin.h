/* SPDX-License-Identifier: MIT */
/*
 * What is told of a provider, in the log and by alarms: that it is closed,
 * back, distrusted, refuses a sender, keeps mail back; and that this host is
 * cut off. The dispatch thread.
 */
#ifndef DISPATCH_BULLETIN_H
#define DISPATCH_BULLETIN_H

#include "lane_state.h"
#include "state.h"

/* An attempt came to this, and changed the lane so (enum lane_change). */
void bulletin_attempt(struct dispatcher *dispatcher,
    const struct flight *flight, unsigned changes,
    const struct outcome *outcome);

/* Time alone, or a lane that another attempt went by, changed the lane so. */
void bulletin_tick(
    struct dispatcher *dispatcher, struct lane *lane, unsigned changes);

/* As the lane is at the start, from before: only told. */
void bulletin_recall(
    const struct lane *lane, enum lane_recall recall, int64_t now_ms);

#endif
