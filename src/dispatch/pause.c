/* SPDX-License-Identifier: MIT */
/*
 * What waits in the queue for a provider is woken before it is due: one mail
 * when a pause is over, to see whether the provider is back, and one more after
 * each that went well, and all when it is; nobody any more when no provider can
 * be asked.  All of them come no faster than the lanes take them (ramp.c), and
 * wait behind fresh mail in the lane's lines.
 *
 * Nobody in a line is forgotten: as long as someone waits there the lane has a
 * request under way, whose end moves them, or the timer is set.
 */
#include "pause.h"

#include "bulletin.h"
#include "keeping.h"
#include "probe.h"
#include "ramp.h"
#include "reserve.h"
#include "weighing.h"

static struct pause *
find_pause(const struct dispatcher *dispatcher, const struct lane *lane)
{
	return &dispatcher->pauses[lane->number];
}

static void
wake(const struct dispatcher *dispatcher, unsigned count)
{
	/* what waits is another's to send */
	if (dispatcher->options.wake != NULL && dispatcher->heir == NULL)
		dispatcher->options.wake(dispatcher->options.store, count);
}

static void
wake_all(struct dispatcher *dispatcher)
{
	ramp_start(dispatcher);
	wake(dispatcher, UINT_MAX);
}

static bool
is_asked(const struct lane *lane, int64_t now_ms)
{
	enum lane_mode mode = lane_mode(lane, now_ms);

	return mode == LANE_OPEN || mode == LANE_PROBING;
}

static bool
are_all_closed(const struct dispatcher *dispatcher)
{
	int64_t now = dispatcher_now(dispatcher);

	for (unsigned i = 0; i < dispatcher->map->providers->len; i++)
		if (is_asked(dispatcher->lanes[i], now))
			return false;
	return true;
}

static void
set_timer(struct pause *pause, int64_t at_ms, int64_t now_ms)
{
	if (pause->at_ms == at_ms)
		return;
	pause->at_ms = at_ms;
	if (at_ms == 0)
		loop_timer_clear(pause->timer);
	else
		loop_timer_set(pause->timer, MAX(at_ms - now_ms, (int64_t)0));
}

/* True when the store has to give a mail to probe with: none is under way, none
 * waits. */
static bool
lacks_probe(const struct pause *pause, int64_t now_ms)
{
	const struct lane *lane = pause->lane;

	return pause->dispatcher->options.wake != NULL && lane->requests == 0 &&
	       lane_waiting(lane) == 0 && lane_wants_probe(lane, now_ms);
}

static int64_t
find_next(const struct pause *pause, int64_t now_ms)
{
	int64_t next = lane_next_ms(pause->lane, now_ms);
	int64_t probe = MAX(pause->probe_ms, now_ms);

	if (pause->changes != 0)
		return now_ms;
	if (lacks_probe(pause, now_ms) && (next == 0 || probe < next))
		return probe;
	return next;
}

void
pause_arm(struct dispatcher *dispatcher, struct lane *lane, int64_t now_ms)
{
	struct pause *pause = find_pause(dispatcher, lane);

	if (dispatcher->stopping)
		return;
	set_timer(pause, find_next(pause, now_ms), now_ms);
	g_assert(
	    lane_waiting(lane) == 0 || lane->requests > 0 || pause->at_ms != 0);
}

/* No more mails than these are woken at once to find one that a lane takes; the
 * others at its next turn, for whoever missed comes behind them. */
#define MISSES_MAX 1000

/* Nobody who waits may come this way: once more, later. */
static void
ask_for_probe(struct pause *pause, int64_t now_ms)
{
	const struct breaker_limits *limits =
	    &pause->dispatcher->limits.breaker;

	if (!lacks_probe(pause, now_ms) || now_ms < pause->probe_ms)
		return;
	pause->misses = 0;
	wake(pause->dispatcher, 1);
	pause->probe_pause_ms = CLAMP(2 * pause->probe_pause_ms,
	    limits->pause_min_ms, limits->pause_max_ms);
	pause->probe_ms = now_ms + pause->probe_pause_ms;
}

/* True when the next one may be for this lane: who missed first does not come
 * again before all others did. */
static bool
is_sought(struct pause *pause, const struct flight *flight, int64_t now_ms)
{
	const char *id = flight->message->submission->id;

	if (pause->probe_ms == 0 || !lacks_probe(pause, now_ms) ||
	    (flight->landing.asked & 1u << pause->lane->number) != 0)
		return false;
	if (pause->misses == 0)
		g_strlcpy(pause->missed, id, sizeof pause->missed);
	else if (g_str_equal(pause->missed, id))
		pause->misses = MISSES_MAX;
	if (pause->misses >= MISSES_MAX)
		return false;
	pause->misses++;
	return true;
}

void
pause_miss(struct dispatcher *dispatcher, const struct flight *flight)
{
	int64_t now = dispatcher_now(dispatcher);
	bool sought = false;

	if (dispatcher->stopping)
		return;
	for (unsigned i = 0; i < dispatcher->map->providers->len; i++)
		sought |= is_sought(&dispatcher->pauses[i], flight, now);
	if (sought)
		wake(dispatcher, 1);
}

void
pause_refill(struct dispatcher *dispatcher, struct lane *lane)
{
	if (!dispatcher->stopping &&
	    lane_lacks(lane, dispatcher_now(dispatcher)))
		wake_all(dispatcher);
}

/* All lanes are other than they were. */
static void
touch_others(struct dispatcher *dispatcher, const struct lane *lane)
{
	int64_t now = dispatcher_now(dispatcher);

	for (unsigned i = 0; i < dispatcher->map->providers->len; i++)
		if (dispatcher->lanes[i] != lane)
			set_timer(&dispatcher->pauses[i], now, now);
}

void
pause_note(struct dispatcher *dispatcher, struct lane *lane, unsigned changes)
{
	struct pause *pause = find_pause(dispatcher, lane);

	if (dispatcher->stopping || changes == 0)
		return;
	probe_note(dispatcher, lane);
	keeping_note(dispatcher);
	reserve_review(dispatcher);
	if (changes & (LANE_ALL_CUT_OFF | LANE_ALL_CONNECTED))
		touch_others(dispatcher, lane);
	if (changes & (LANE_BACK | LANE_ALL_CONNECTED)) {
		pause->probe_pause_ms = pause->probe_ms = 0;
		wake_all(dispatcher);
	} else if (changes & (LANE_CLOSED | LANE_ALL_CUT_OFF) &&
		   are_all_closed(dispatcher)) {
		wake(dispatcher, 0);
	}
}

void
pause_took(struct dispatcher *dispatcher, const struct lane *lane)
{
	struct pause *pause = find_pause(dispatcher, lane);

	pause->probe_pause_ms = pause->probe_ms = 0;
}

static void
on_time(void *object)
{
	struct pause *pause = object;
	struct dispatcher *dispatcher = pause->dispatcher;
	struct lane *lane = pause->lane;
	int64_t now = dispatcher_now(dispatcher);
	unsigned changes = pause->changes;

	lane_clock(lane, dispatcher_wall(dispatcher), now);
	changes |= lane_tick(lane, now);
	pause->at_ms = 0;
	pause->changes = 0;
	bulletin_tick(dispatcher, lane, changes);
	pause_note(dispatcher, lane, changes);
	reserve_review(dispatcher);
	ask_for_probe(pause, now);
	round_wake(dispatcher, lane);
}

void
pause_tick(struct dispatcher *dispatcher, struct lane *lane)
{
	int64_t now = dispatcher_now(dispatcher);

	find_pause(dispatcher, lane)->changes |= lane_tick(lane, now);
	pause_arm(dispatcher, lane, now);
}

void
pause_open(struct dispatcher *dispatcher)
{
	unsigned count = dispatcher->map->providers->len;

	dispatcher->pauses = g_new0(struct pause, count);
	for (unsigned i = 0; i < count; i++) {
		struct pause *pause = &dispatcher->pauses[i];
		pause->dispatcher = dispatcher;
		pause->lane = dispatcher->lanes[i];
		pause->timer =
		    loop_timer_new(dispatcher->options.loop, on_time, pause);
	}
}

void
pause_close(struct dispatcher *dispatcher)
{
	for (unsigned i = 0; i < dispatcher->map->providers->len; i++)
		loop_timer_free(dispatcher->pauses[i].timer);
	g_clear_pointer(&dispatcher->pauses, g_free);
}

void
pause_start(struct dispatcher *dispatcher)
{
	int64_t now = dispatcher_now(dispatcher);

	if (are_all_closed(dispatcher))
		wake(dispatcher, 0);
	else
		wake_all(dispatcher);
	for (unsigned i = 0; i < dispatcher->map->providers->len; i++)
		pause_arm(dispatcher, dispatcher->lanes[i], now);
}

void
pause_stop(struct dispatcher *dispatcher)
{
	int64_t now = dispatcher_now(dispatcher);

	for (unsigned i = 0; i < dispatcher->map->providers->len; i++)
		set_timer(&dispatcher->pauses[i], 0, now);
	ramp_stop(dispatcher);
}
