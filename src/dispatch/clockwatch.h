/* SPDX-License-Identifier: MIT */
/*
 * A clockwatch compares the two clocks.  When the wall clock was set forward,
 * the age of a mail is not to be believed: for a while nothing is given up for
 * it.  Pure.
 */
#ifndef DISPATCH_CLOCKWATCH_H
#define DISPATCH_CLOCKWATCH_H

#include <stdbool.h>
#include <stdint.h>

/* A step forward of more than that is a jump, and ages are not believed for
 * as long. */
#define CLOCKWATCH_MS (60 * 60 * INT64_C(1000))

struct clockwatch {
	int64_t apart_ms;  /* the wall clock less the monotonic one */
	int64_t jumped_ms; /* monotonic: when a jump was seen last */
	bool jumped;
};

/* The clocks as they are at the start. */
struct clockwatch clockwatch_start(int64_t wall_ms, int64_t now_ms);

/* How far the wall clock jumped forward since the last look; 0: it did not. */
int64_t clockwatch_look(
    struct clockwatch *watch, int64_t wall_ms, int64_t now_ms);

/* True when ages are to be believed. */
bool clockwatch_trusts(const struct clockwatch *watch, int64_t now_ms);

#endif
