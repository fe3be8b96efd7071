/* SPDX-License-Identifier: MIT */
#include "limit.h"

#include <glib.h>

void
limit_start(struct limit *limit, unsigned most)
{
	*limit = (struct limit){ .most = MAX(most, 1) };
	limit->now = MIN(LIMIT_START, limit->most);
}

void
limit_success(struct limit *limit)
{
	limit->slow = limit->slow && limit->now < LIMIT_SLOW_START;
	if (!limit->slow && ++limit->successes < limit->now)
		return;
	limit->successes = 0;
	limit->now = MIN(limit->now + 1, limit->most);
}

void
limit_cut(struct limit *limit, unsigned cuts)
{
	if (cuts != limit->cuts)
		return;
	limit->cuts++;
	limit->successes = 0;
	limit->slow = false;
	limit->now = MAX(limit->now / 2, 1);
}

void
limit_recover(struct limit *limit)
{
	limit->cuts++;
	limit->successes = 0;
	limit->slow = true;
	limit->now = 1;
}
