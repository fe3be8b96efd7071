/* SPDX-License-Identifier: MIT */
/*
 * What the daemon and its herald say to each other, and the daemon's side of
 * it.  One word per packet: first the command, then an errand at a time, its
 * input a file that goes with it, and a report of each.  The main loop.
 */
#ifndef ALARM_HERALD_H
#define ALARM_HERALD_H

#include "alarm.h"
#include <stddef.h>

/* The most bytes of a packet. */
#define HERALD_PACKET 65536

/* Where the herald finds its end of the line. */
#define HERALD_FD 0

/* So begin the variables that a command is given; others are left out. */
#define HERALD_VARIABLES "POSTFERRY_ALARM_"

/* A packet to the herald begins so; texts follow, each with its NUL: the
 * command, or the environment of an errand. */
struct herald_order {
	int64_t timeout_ms; /* of an errand; 0: this is the command */
};

struct herald_report {
	int wrong;  /* the errno of why nothing ran; 0: it ran */
	int status; /* as waitpid() has it */
	bool late;  /* it was killed */
};

/* NULL: the herald has gone, and no report will come any more. */
typedef void (*herald_fn)(void *object, const struct herald_report *report);

/* Reports go to fn(object) on the loop from now on. */
void herald_listen(
    struct herald *herald, struct loop *loop, herald_fn fn, void *object);
void herald_deaf(struct herald *herald);

/* Sends an errand: the environment (NULL-terminated) and an open file, which
 * stays the caller's.  False: errno says why not. */
bool herald_send(struct herald *herald, const struct herald_order *order,
    char *const *environment, int input);

#endif
