/* SPDX-License-Identifier: MIT */
/*
 * The runner has the herald run alarm_command for one notice after the other,
 * and logs when that fails.  The main loop.
 */
#ifndef ALARM_RUNNER_H
#define ALARM_RUNNER_H

#include "notice.h"

struct runner_options {
	struct loop *loop;     /* borrowed */
	struct herald *herald; /* borrowed; it was told the command */
	const char *command;   /* borrowed: for messages */
	const char *hostname;  /* borrowed */
	int64_t timeout_ms;
};

struct runner;

/* Why the command cannot be run, a new string; NULL: it can. */
char *runner_obstacle(const char *command);

struct runner *runner_new(const struct runner_options *options);

/* What runs is killed with the herald.  NULL is fine. */
void runner_free(struct runner *runner);

/* Runs it for the notice, which it takes over, in its turn. */
void runner_add(struct runner *runner, struct notice *notice);

#endif
