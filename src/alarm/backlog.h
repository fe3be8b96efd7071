/* SPDX-License-Identifier: MIT */
/*
 * A backlog is the notices that wait to be told in one way: bounded, what does
 * not fit is counted in the next that is told.  One thread at a time.
 */
#ifndef ALARM_BACKLOG_H
#define ALARM_BACKLOG_H

#include "notice.h"

#define BACKLOG_MAX 100

struct backlog {
	GQueue waiting;    /* struct notice * */
	unsigned left_out; /* that did not fit */
};

/* Takes the notice over. */
void backlog_add(struct backlog *backlog, struct notice *notice);

/* The next to be told, the caller's; NULL: none. */
struct notice *backlog_take(struct backlog *backlog);

/* Forgets all. */
void backlog_clear(struct backlog *backlog);

#endif
