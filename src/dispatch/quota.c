/* SPDX-License-Identifier: MIT */
#include "quota.h"

#include <glib.h>

uint64_t
quota_used(const struct quota *quota, int64_t wall_ms)
{
	int64_t passed = wall_ms / quota->span_ms - quota->window;
	uint64_t used = quota->used;

	/* a clock that was set back is no new quota */
	if (passed <= 0)
		return used;
	if (quota->most == 0 || used / quota->most < (uint64_t)passed)
		return 0;
	return used - (uint64_t)passed * quota->most;
}

bool
quota_fits(const struct quota *quota, unsigned recipients, int64_t wall_ms)
{
	uint64_t used = quota_used(quota, wall_ms);

	if (quota->most == 0)
		return true;
	if (used >= quota->most)
		return false;
	return recipients > quota->most || recipients <= quota->most - used;
}

int64_t
quota_take(struct quota *quota, unsigned recipients, int64_t wall_ms)
{
	int64_t window = wall_ms / quota->span_ms;

	quota->used = quota_used(quota, wall_ms) + recipients;
	if (window > quota->window)
		quota->kept = 0;
	quota->window = MAX(quota->window, window);
	return quota->window;
}

bool
quota_keep(struct quota *quota)
{
	uint64_t part = quota->most / QUOTA_AHEAD_PART;

	if (quota->most == 0 || quota->used <= quota->kept)
		return false;
	quota->kept = quota->used + MIN(part, QUOTA_AHEAD_MOST);
	return true;
}

void
quota_return(struct quota *quota, unsigned recipients, int64_t window)
{
	if (quota->window == window)
		quota->used -= MIN(quota->used, recipients);
}

void
quota_clock(struct quota *quota, int64_t wall_ms)
{
	quota->window = MIN(quota->window, wall_ms / quota->span_ms);
}

int64_t
quota_turn_ms(const struct quota *quota, int64_t wall_ms)
{
	int64_t window = MAX(wall_ms / quota->span_ms, quota->window);

	return (window + 1) * quota->span_ms;
}
