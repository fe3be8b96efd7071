/* SPDX-License-Identifier: MIT */
#include "ramp.h"

/* How often it looks whether a lane could send more. */
#define LOOK_MS 50

/* The window of the store is not larger: that many are no ramp any more. */
#define ENOUGH 2000

struct ramp {
	struct dispatcher *dispatcher;
	struct loop_timer *timer;
	unsigned most; /* as the store was told last */
};

/* What the lanes that are open send at a time. */
static unsigned
count_requests(const struct dispatcher *dispatcher)
{
	int64_t now = dispatcher_now(dispatcher);
	unsigned count = 0;

	for (unsigned i = 0; i < dispatcher->map->providers->len; i++)
		if (lane_mode(dispatcher->lanes[i], now) == LANE_OPEN)
			count += dispatcher->lanes[i]->limit.now;
	return count;
}

/* One could send, and nobody waits for it. */
static bool
is_any_idle(const struct dispatcher *dispatcher)
{
	int64_t now = dispatcher_now(dispatcher);

	for (unsigned i = 0; i < dispatcher->map->providers->len; i++) {
		const struct lane *lane = dispatcher->lanes[i];
		if (lane_mode(lane, now) == LANE_OPEN && lane_has_room(lane) &&
		    lane_waiting(lane) == 0)
			return true;
	}
	return false;
}

static void
tell(struct ramp *ramp, unsigned most)
{
	const struct dispatcher_options *options = &ramp->dispatcher->options;

	ramp->most = most < ENOUGH ? most : UINT_MAX;
	options->ramp(options->store, ramp->most);
	if (ramp->most < ENOUGH)
		loop_timer_set(ramp->timer, LOOK_MS);
}

static void
on_time(void *object)
{
	struct ramp *ramp = object;
	unsigned least = 2 * count_requests(ramp->dispatcher);

	if (is_any_idle(ramp->dispatcher))
		tell(ramp, MAX(least, ramp->most + ramp->most / 2 + 1));
	else if (least > ramp->most)
		tell(ramp, least);
	else
		loop_timer_set(ramp->timer, LOOK_MS);
}

struct ramp *
ramp_new(struct dispatcher *dispatcher)
{
	struct ramp *ramp = g_new0(struct ramp, 1);

	ramp->dispatcher = dispatcher;
	ramp->timer = loop_timer_new(dispatcher->options.loop, on_time, ramp);
	return ramp;
}

void
ramp_free(struct ramp *ramp)
{
	if (ramp == NULL)
		return;
	loop_timer_free(ramp->timer);
	g_free(ramp);
}

void
ramp_start(struct dispatcher *dispatcher)
{
	if (dispatcher->options.ramp != NULL && !dispatcher->stopping &&
	    dispatcher->heir == NULL)
		tell(dispatcher->ramp, MAX(2 * count_requests(dispatcher), 1u));
}

void
ramp_stop(struct dispatcher *dispatcher)
{
	loop_timer_clear(dispatcher->ramp->timer);
}
