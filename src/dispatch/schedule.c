/* SPDX-License-Identifier: MIT */
#include "schedule.h"

#define SPREAD_MIN  0.8
#define SPREAD_SPAN 0.4

int64_t
schedule_pause(const GArray *times, unsigned round, double random)
{
	g_assert(times->len > 0);
	unsigned row = MIN(round, times->len - 1);
	int64_t time = g_array_index(times, int64_t, row);

	random = CLAMP(random, 0.0, 1.0);
	return (int64_t)((double)time * (SPREAD_MIN + SPREAD_SPAN * random));
}

bool
schedule_gives_up(const struct schedule_life *life)
{
	if (life->age_ms < life->give_up_ms)
		return false;
	if (life->asked && life->attempts >= SCHEDULE_TRIES_MIN)
		return true;
	return life->closed && life->rounds >= SCHEDULE_TRIES_MIN &&
	       life->up_ms >= MIN(life->give_up_ms, SCHEDULE_GRACE_MS);
}
