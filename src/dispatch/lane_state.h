/* SPDX-License-Identifier: MIT */
/*
 * How a lane is, in words: for people, and for the next start.  The dispatch
 * thread.
 */
#ifndef DISPATCH_LANE_STATE_H
#define DISPATCH_LANE_STATE_H

#include "lane.h"

/* The mode in one word, a literal ("paused"). */
const char *lane_state_word(enum lane_mode mode);

/* Fills all of a standing but doubts and health. */
void lane_state_standing(const struct lane *lane, int64_t now_ms,
    struct provider_standing *standing);

/* What has to be known of it after a restart: one line, new; wall clock times,
 * so lane_clock() was called. */
char *lane_state_tell(const struct lane *lane, int64_t now_ms);

/* Of what decides whether the provider knows us and where it is: enough to see
 * a change, too little to guess a secret by.  New string. */
char *lane_state_settings(const struct provider *provider);

/* What came of a line. */
enum lane_recall {
	LANE_RECALL_NONSENSE, /* the lane is as it was */
	LANE_RECALLED,
	LANE_RECALL_CHANGED, /* but for what was wrong with it, because its
			      * settings are others now */
};

/* The lane, a new one whose clock is set, becomes as the line says, but that
 * what was open is half-open at its time, never closed. */
enum lane_recall lane_state_recall(
    struct lane *lane, const char *line, int64_t now_ms);

/* That it was believed for so many recipients before it was distrusted, for
 * people: new string. */
char *lane_state_told(unsigned recipients);

#endif
