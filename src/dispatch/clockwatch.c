/* SPDX-License-Identifier: MIT */
#include "clockwatch.h"

struct clockwatch
clockwatch_start(int64_t wall_ms, int64_t now_ms)
{
	return (struct clockwatch){ .apart_ms = wall_ms - now_ms };
}

int64_t
clockwatch_look(struct clockwatch *watch, int64_t wall_ms, int64_t now_ms)
{
	int64_t step = wall_ms - now_ms - watch->apart_ms;

	/* slow steps are no jump, however far they go together */
	watch->apart_ms += step;
	if (step <= CLOCKWATCH_MS)
		return 0;
	watch->jumped = true;
	watch->jumped_ms = now_ms;
	return step;
}

bool
clockwatch_trusts(const struct clockwatch *watch, int64_t now_ms)
{
	return !watch->jumped || now_ms - watch->jumped_ms >= CLOCKWATCH_MS;
}
