/* SPDX-License-Identifier: MIT */
/*
 * What waits in the queue for a provider is woken before it is due: one mail
 * when a pause is over, to see whether the provider is back, and all when it
 * is; nobody any more when none of the route is.
 */
#include "pause.h"

#include "core/clock.h"

static void
wake(const struct dispatcher *dispatcher, unsigned count)
{
	dispatcher->options.wake(dispatcher->options.store, count);
}

/* Whoever was woken may not have come this way: once more, later. */
static void
on_pause_over(void *object)
{
	struct pause *pause = object;
	const struct dispatcher *dispatcher = pause->dispatcher;

	if (pause->lane->breaker.state != BREAKER_OPEN)
		return;
	wake(dispatcher, 1);
	loop_timer_set(pause->timer, dispatcher->limits.breaker.pause_max_ms);
}

void
pause_open(struct dispatcher *dispatcher)
{
	unsigned count = dispatcher->map->providers->len;

	if (dispatcher->options.wake == NULL)
		return;
	dispatcher->pauses = g_new0(struct pause, count);
	for (unsigned i = 0; i < count; i++) {
		struct pause *pause = &dispatcher->pauses[i];
		pause->dispatcher = dispatcher;
		pause->lane = dispatcher->lanes[i];
		pause->timer = loop_timer_new(
		    dispatcher->options.loop, on_pause_over, pause);
	}
}

void
pause_close(struct dispatcher *dispatcher)
{
	if (dispatcher->pauses == NULL)
		return;
	for (unsigned i = 0; i < dispatcher->map->providers->len; i++)
		loop_timer_free(dispatcher->pauses[i].timer);
	g_clear_pointer(&dispatcher->pauses, g_free);
}

static bool
are_all_closed(const struct dispatcher *dispatcher)
{
	const struct route *route = dispatcher->map->usual;

	for (unsigned i = 0; i < route->count; i++) {
		const struct lane *lane = dispatcher->lanes[route->numbers[i]];
		if (lane->breaker.state == BREAKER_CLOSED)
			return false;
	}
	return true;
}

void
pause_note(struct dispatcher *dispatcher, struct lane *lane, unsigned changes)
{
	struct pause *pause;
	int64_t left = lane->breaker.until_ms - clock_monotonic_ms();

	if (dispatcher->pauses == NULL || dispatcher->stopping)
		return;
	pause = &dispatcher->pauses[lane->number];
	if (changes & LANE_BACK)
		wake(dispatcher, UINT_MAX);
	else if (changes & LANE_CLOSED && are_all_closed(dispatcher))
		wake(dispatcher, 0);
	if (lane->breaker.state != BREAKER_OPEN)
		loop_timer_clear(pause->timer);
	else /* a probe that was not made is not the next at once */
		loop_timer_set(pause->timer,
		    left > 0 ? left : dispatcher->limits.breaker.pause_min_ms);
}

void
pause_stop(struct dispatcher *dispatcher)
{
	if (dispatcher->pauses == NULL)
		return;
	for (unsigned i = 0; i < dispatcher->map->providers->len; i++)
		loop_timer_clear(dispatcher->pauses[i].timer);
}
