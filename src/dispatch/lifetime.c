/* SPDX-License-Identifier: MIT */
#include "lifetime.h"

#include "core/log.h"

/* A mail with the null sender, most often a report: nobody can be told of it,
 * so it is not kept for long. */
#define GIVE_UP_NULL_MS (2 * 24 * 60 * 60 * INT64_C(1000))

int64_t
lifetime_age(const struct flight *flight)
{
	return dispatcher_wall(flight->dispatcher) -
	       flight->message->submission->received_ms;
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
	int64_t now = dispatcher_now(dispatcher);
	int64_t jump = clockwatch_look(
	    &dispatcher->clocks, dispatcher_wall(dispatcher), now);

	if (jump > 0)
		log_warn("wall clock jumped forward, no mail is given up "
			 "for its age for an hour",
		    log_num("by_s", jump / 1000));
	return clockwatch_trusts(&dispatcher->clocks, now);
}

/* A clock that was set back since only delays the end. */
static bool
was_asked(const struct dispatcher *dispatcher, const struct flight *flight,
    const struct flight_group *group)
{
	int64_t asked = flight->message->submission->asked_ms;

	return group->asked || asked >= dispatcher->started_wall_ms;
}

static bool
is_closed(const struct dispatcher *dispatcher, const struct flight *flight,
    unsigned number, int64_t now_ms)
{
	const struct flight_group *group = &flight->groups[number];

	for (unsigned i = 0; i < group->order_count; i++) {
		const struct lane *lane = dispatcher->lanes[group->order[i]];
		const char *domain =
		    flight_domain(flight, number, lane->provider);
		if (lane_allows(lane, domain, now_ms))
			return false;
	}
	return true;
}

bool
lifetime_is_over(
    struct dispatcher *dispatcher, const struct flight *flight, unsigned group)
{
	int64_t now = dispatcher_now(dispatcher);
	const struct schedule_life life = {
		.age_ms = lifetime_age(flight),
		.give_up_ms = lifetime_of(flight, group),
		.up_ms = now - dispatcher->started_ms,
		.attempts = flight->attempts,
		.rounds = flight->message->submission->rounds + 1,
		.asked = was_asked(dispatcher, flight, &flight->groups[group]),
		.closed = is_closed(dispatcher, flight, group, now),
	};

	return lifetime_trusts(dispatcher) && schedule_gives_up(&life);
}

/* Whoever was away for longer looks anew. */
#define AWAY_MS (60 * 60 * INT64_C(1000))

bool
lifetime_ends_doubt(
    struct dispatcher *dispatcher, const struct flight *flight, unsigned group)
{
	int64_t over = lifetime_age(flight) - lifetime_of(flight, group);

	if (dispatcher->soft_bounce || !lifetime_trusts(dispatcher))
		return false;
	return (over >= 0 && over < AWAY_MS) ||
	       lifetime_is_over(dispatcher, flight, group);
}

int64_t
lifetime_bound(const struct flight *flight, unsigned group, int64_t until_ms)
{
	int64_t left = lifetime_of(flight, group) - lifetime_age(flight);

	if (!flight->queued || left <= -AWAY_MS ||
	    flight->dispatcher->soft_bounce ||
	    !lifetime_trusts(flight->dispatcher))
		return until_ms;
	return MIN(until_ms, dispatcher_now(flight->dispatcher) + left);
}

bool
lifetime_is_long(struct dispatcher *dispatcher, const struct flight *flight)
{
	return lifetime_trusts(dispatcher) && dispatcher->warn_after_ms > 0 &&
	       lifetime_age(flight) >= dispatcher->warn_after_ms;
}
