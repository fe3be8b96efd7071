/* SPDX-License-Identifier: MIT */
/*
 * An errand is one run of alarm_command by the herald, which is a process of
 * its own: posix_spawn, killed with all it started when it lasts too long or
 * the daemon goes.  One at a time.
 */
#ifndef ALARM_ERRAND_H
#define ALARM_ERRAND_H

#include "herald.h"
#include <sys/types.h>

struct errand {
	char **words;        /* the first is the program; NULL: not said yet */
	pid_t pid;           /* 0: none runs */
	int64_t deadline_ms; /* monotonic */
	bool late;           /* it was killed */
};

/* Starts it: input is what it reads; environment ends with NULL.  0, or the
 * errno of why it does not run. */
int errand_start(struct errand *errand, char *const *environment, int input);

/* Milliseconds until errand_hurry() has something to do; -1: never. */
int errand_left(const struct errand *errand);

/* Kills it when it is late. */
void errand_hurry(struct errand *errand);

/* True when it has ended, and the report is of it. */
bool errand_end(struct errand *errand, struct herald_report *report);

/* Kills what runs. */
void errand_clear(struct errand *errand);

#endif
