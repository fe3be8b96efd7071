/* SPDX-License-Identifier: MIT */
#include "breaker.h"

#include <glib.h>

bool
breaker_allows(const struct breaker *breaker, int64_t now_ms)
{
	return breaker->state == BREAKER_CLOSED ||
	       (breaker->state == BREAKER_OPEN && now_ms >= breaker->until_ms);
}

unsigned
breaker_begin(struct breaker *breaker)
{
	if (breaker->state == BREAKER_OPEN)
		breaker->state = BREAKER_PROBING;
	return breaker->opening;
}

bool
breaker_opened_since(const struct breaker *breaker, unsigned opening)
{
	return breaker->opening != opening;
}

bool
breaker_success(struct breaker *breaker, unsigned opening)
{
	if (breaker_opened_since(breaker, opening))
		return false;
	bool was = breaker->state != BREAKER_CLOSED;
	*breaker = (struct breaker){ .opening = opening };
	return was;
}

static void
open_for(struct breaker *breaker, int64_t now_ms, int64_t pause_ms)
{
	breaker->state = BREAKER_OPEN;
	breaker->opening++;
	breaker->opened_ms = now_ms;
	breaker->until_ms = now_ms + pause_ms;
}

bool
breaker_failure(struct breaker *breaker, unsigned opening,
    const struct breaker_limits *limits, const struct breaker_moment *moment)
{
	if (breaker_opened_since(breaker, opening))
		return false;
	bool was_closed = breaker->state == BREAKER_CLOSED;
	int64_t pause = breaker->pause_ms == 0 ? limits->pause_min_ms
					       : breaker->pause_ms * 2;
	breaker->pause_ms = MIN(pause, limits->pause_max_ms);
	open_for(breaker, moment->now_ms,
	    (int64_t)((double)breaker->pause_ms *
		      (0.8 + 0.4 * moment->random)));
	return was_closed;
}

bool
breaker_hold(struct breaker *breaker, int64_t now_ms, int64_t pause_ms)
{
	bool was_open = breaker->state == BREAKER_OPEN;
	if (!was_open || breaker->until_ms < now_ms + pause_ms)
		open_for(breaker, now_ms, pause_ms);
	return !was_open;
}

void
breaker_release(struct breaker *breaker, unsigned opening)
{
	if (breaker->state == BREAKER_PROBING &&
	    !breaker_opened_since(breaker, opening))
		breaker->state = BREAKER_OPEN;
}
