/* SPDX-License-Identifier: MIT */
/*
 * A courtesy is a report of success, which the sender asked for and can do
 * without.  Whoever sends many mails gets so many of them a minute, in all; the
 * others are dropped, and the log says how many.  The dispatch thread.
 */
#ifndef DISPATCH_COURTESY_H
#define DISPATCH_COURTESY_H

#include "core/loop.h"
#include <stdbool.h>

struct courtesy;

struct courtesy_limits {
	unsigned most;     /* reports in a window */
	int64_t window_ms; /* which begins with its first report */
};

struct courtesy *courtesy_new(
    struct loop *loop, const struct courtesy_limits *limits);
/* NULL is fine. */
void courtesy_free(struct courtesy *courtesy);

/* One more is to be made; false: it is dropped. */
bool courtesy_take(struct courtesy *courtesy, int64_t now_ms);

#endif
