/* SPDX-License-Identifier: MIT */
/*
 * The runner runs alarm_command for one notice after the other: started by
 * posix_spawn, its end learnt from SIGCHLD, killed with all it started when it
 * lasts too long.  The loop of its signals: main.
 */
#ifndef ALARM_RUNNER_H
#define ALARM_RUNNER_H

#include "notice.h"

struct runner_options {
	struct loop *loop;    /* borrowed */
	const char *command;  /* program and arguments, in the shell's quotes;
			       * copied */
	const char *hostname; /* borrowed */
	int64_t timeout_ms;
};

struct runner;

/* Why the command cannot be run, a new string; NULL: it can. */
char *runner_obstacle(const char *command);

/* The command was checked. */
struct runner *runner_new(const struct runner_options *options);

/* Kills what runs.  NULL is fine. */
void runner_free(struct runner *runner);

/* Runs it for the notice, which it takes over, in its turn. */
void runner_add(struct runner *runner, struct notice *notice);

#endif
