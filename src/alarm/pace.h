/* SPDX-License-Identifier: MIT */
/*
 * The pace keeps whoever is woken from being woken for the same thing again and
 * again.  Of each thing (kind and subject) a beginning is told once in a pause,
 * and its end when its beginning was told.  What begins again within the pause
 * waits for the pause to be over: it is told then if it is still so, and
 * forgotten, but counted, if it is over.  Pure: time comes in as an argument.
 */
#ifndef ALARM_PACE_H
#define ALARM_PACE_H

#include "notice.h"

struct pace;

/* Things that are remembered, at most. */
#define PACE_MAX 1000

struct pace *pace_new(int64_t pause_ms);
/* NULL is fine. */
void pace_free(struct pace *pace);

/* Takes the notice over; returns it when it is to be told now, else NULL. */
struct notice *pace_take(
    struct pace *pace, struct notice *notice, int64_t now_ms);

/* One whose pause is over and that is still so, to be told now; NULL: none. */
struct notice *pace_due(struct pace *pace, int64_t now_ms);

/* When the next one is due; 0: none waits. */
int64_t pace_next(const struct pace *pace);

#endif
