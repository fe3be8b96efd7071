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
schedule_gives_up(int64_t age_ms, int64_t give_up_ms, unsigned rounds)
{
	return age_ms >= give_up_ms && rounds >= SCHEDULE_ROUNDS_MIN;
}
