/* SPDX-License-Identifier: MIT */
/*
 * The pace keeps whoever is woken from being woken for the same thing again and
 * again.  Of each thing (kind and subject) a beginning is told once in a pause,
 * and its end when its beginning was told.  What begins again within the pause
 * waits for the pause to be over: it is told then if it is still so, and
 * forgotten, but counted, if it is over.  Things of a group are one: what
 * happens within a moment, and then within each pause, is told as one notice
 * that counts and names them.  Pure: time comes in as an argument.
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

/* How long the first of a group waits for the others. */
#define PACE_GATHER_MS INT64_C(5000)

/* Of those of a group so many are named. */
#define PACE_NAMES 3

/* Takes the notice over; returns it when it is to be told now, else NULL. */
struct notice *pace_take(
    struct pace *pace, struct notice *notice, int64_t now_ms);

/* One whose pause is over and that is still so, to be told now; NULL: none. */
struct notice *pace_due(struct pace *pace, int64_t now_ms);

/* One of a group, whether it is due or not: nobody will ask any more. */
struct notice *pace_flush(struct pace *pace);

/* When the next one is due; 0: none waits. */
int64_t pace_next(const struct pace *pace);

#endif
