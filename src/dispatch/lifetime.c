/* SPDX-License-Identifier: MIT */
#include "lifetime.h"

#include "core/clock.h"
#include "core/log.h"

/* A mail with the null sender, most often a report: nobody can be told of it,
 * so it is not kept for long. */
#define GIVE_UP_NULL_MS (2 * 24 * 60 * 60 * INT64_C(1000))

int64_t
lifetime_age(const struct flight *flight)
{
	return clock_wall_ms() - flight->message->submission->received_ms;
}

static int64_t
find_give_up(const struct flight *flight)
{
	if (flight->message->submission->envelope->sender != NULL)
		return flight->route->give_up_ms;
	return MIN(flight->route->give_up_ms, GIVE_UP_NULL_MS);
}

static bool
trusts_age(struct dispatcher *dispatcher)
{
	int64_t now = clock_monotonic_ms();
	int64_t jump =
	    clockwatch_look(&dispatcher->clocks, clock_wall_ms(), now);

	if (jump > 0)
		log_warn("wall clock jumped forward, no mail is given up "
			 "for its age for an hour",
		    log_num("by_s", jump / 1000));
	return clockwatch_trusts(&dispatcher->clocks, now);
}

bool
lifetime_is_over(struct dispatcher *dispatcher, const struct flight *flight)
{
	unsigned rounds = flight->message->submission->rounds + 1;

	return trusts_age(dispatcher) && schedule_gives_up(lifetime_age(flight),
					     find_give_up(flight), rounds);
}

bool
lifetime_is_long(struct dispatcher *dispatcher, const struct flight *flight)
{
	return trusts_age(dispatcher) && dispatcher->warn_after_ms > 0 &&
	       lifetime_age(flight) >= dispatcher->warn_after_ms;
}
