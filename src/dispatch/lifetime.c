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

int64_t
lifetime_of(const struct flight *flight, unsigned group)
{
	int64_t give_up = flight->groups[group].route->give_up_ms;

	if (flight->message->submission->envelope->sender != NULL)
		return give_up;
	return MIN(give_up, GIVE_UP_NULL_MS);
}

bool
lifetime_trusts(struct dispatcher *dispatcher)
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
lifetime_is_over(
    struct dispatcher *dispatcher, const struct flight *flight, unsigned group)
{
	unsigned rounds = flight->message->submission->rounds + 1;

	return lifetime_trusts(dispatcher) &&
	       schedule_gives_up(
		   lifetime_age(flight), lifetime_of(flight, group), rounds);
}

bool
lifetime_is_long(struct dispatcher *dispatcher, const struct flight *flight)
{
	return lifetime_trusts(dispatcher) && dispatcher->warn_after_ms > 0 &&
	       lifetime_age(flight) >= dispatcher->warn_after_ms;
}
