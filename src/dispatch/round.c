/* SPDX-License-Identifier: MIT */
/*
 * A round: the mail goes down its route, each provider at most once, without a
 * pause.  It ends with the landing, when nobody is left to be asked now.
 */
#include "state.h"

#include "chronicle.h"
#include "client.h"
#include "core/clock.h"
#include "doubt.h"
#include "known.h"
#include "landing.h"
#include "report.h"
#include "takeover.h"

static struct lane *
choose_lane(struct dispatcher *dispatcher, struct flight *flight,
    const struct flight_group *group, unsigned number)
{
	const struct ledger *ledger = flight->ledger;
	g_autofree unsigned *picked = g_new(unsigned, ledger->count);
	int64_t now = clock_monotonic_ms();

	for (unsigned i = 0; i < group->order_count; i++) {
		struct lane *lane = dispatcher->lanes[group->order[i]];
		if (ledger_pick(ledger, number, lane->number, picked) == 0)
			continue;
		if (lane_allows(lane, flight->from_domain, now))
			return lane;
		chronicle_skip(flight, lane, now);
	}
	return NULL;
}

/* The lane for the first group that has one; the group becomes the flight's. */
static struct lane *
choose_group(struct dispatcher *dispatcher, struct flight *flight)
{
	struct lane *lane = NULL;

	for (unsigned i = 0; lane == NULL && i < flight->group_count; i++) {
		lane = choose_lane(dispatcher, flight, &flight->groups[i], i);
		flight->group = i;
	}
	return lane;
}

static void
wait_for_room(struct flight *flight, struct lane *lane)
{
	flight->state = FLIGHT_QUEUED;
	flight->provider = lane->number;
	lane_wait(lane, &flight->waiting, flight_was_tried(flight));
}

static void
leave_queue(struct dispatcher *dispatcher, struct flight *flight)
{
	lane_leave(dispatcher->lanes[flight->provider], &flight->waiting,
	    flight_was_tried(flight));
	flight->state = FLIGHT_NEW;
}

/* No provider to ask now.  A doubt that ends before the client's deadline is
 * worth waiting for. */
static void
freeze_or_land(struct dispatcher *dispatcher, struct flight *flight)
{
	int64_t until = doubt_next(flight);

	if (flight->queued || until == 0 ||
	    until >= flight->message->submission->deadline_ms) {
		landing_start(dispatcher, flight);
		return;
	}
	flight->state = FLIGHT_FROZEN;
	loop_timer_set(
	    flight->timer, MAX(until - clock_monotonic_ms(), (int64_t)0));
}

static bool
is_over(const struct dispatcher *dispatcher, const struct flight *flight,
    int64_t now_ms)
{
	if (dispatcher->stopping)
		return true;
	if (flight->queued)
		return flight->record.lost;
	return flight->answered ||
	       now_ms >= flight->message->submission->deadline_ms;
}

void
round_advance(struct dispatcher *dispatcher, struct flight *flight)
{
	int64_t now = clock_monotonic_ms();

	g_assert(flight->state == FLIGHT_NEW);
	if (is_over(dispatcher, flight, now)) {
		landing_start(dispatcher, flight);
		return;
	}
	doubt_thaw(dispatcher, flight, now);
	if (doubt_ask(dispatcher, flight, now))
		return;
	struct lane *lane = choose_group(dispatcher, flight);
	if (lane == NULL)
		freeze_or_land(dispatcher, flight);
	else if (lane_has_room(lane))
		attempt_start(dispatcher, flight, lane);
	else
		wait_for_room(flight, lane);
}

static void
move_on(struct dispatcher *dispatcher, struct flight *flight)
{
	leave_queue(dispatcher, flight);
	round_advance(dispatcher, flight);
}

/* Whoever the lane takes waits on. */
static void
move_refused(
    struct dispatcher *dispatcher, struct lane *lane, const GQueue *queue)
{
	unsigned left = queue->length;
	int64_t now = clock_monotonic_ms();
	GList *next, *link = queue->head;

	/* advancing one touches no other, and adds only behind the last */
	for (; left > 0; left--, link = next) {
		struct flight *flight = link->data;
		next = link->next;
		if (!lane_allows(lane, flight->from_domain, now))
			move_on(dispatcher, flight);
	}
}

void
round_wake(struct dispatcher *dispatcher, struct lane *lane)
{
	GList *link;

	while (lane_has_room(lane) && (link = lane_next(lane)) != NULL)
		move_on(dispatcher, link->data);
	if (lane_allows_all(lane))
		return;
	move_refused(dispatcher, lane, &lane->fresh);
	move_refused(dispatcher, lane, &lane->tried);
}

/* The client's time is over. */
static void
expire(struct dispatcher *dispatcher, struct flight *flight)
{
	bool flies =
	    flight->state == FLIGHT_SENDING || flight->state == FLIGHT_ENCODING;

	if (takeover_is_due(dispatcher, flight)) {
		takeover_start(dispatcher, flight);
		if (flight->state == FLIGHT_FROZEN) {
			flight->state = FLIGHT_NEW;
			round_advance(dispatcher, flight);
		}
	} else if (!flies) {
		round_stop(dispatcher, flight);
	} else if (!flight->answered) {
		client_answer_open(dispatcher, flight);
	}
}

static void
on_timer(void *object)
{
	struct flight *flight = object;
	const struct submission *submission = flight->message->submission;
	int64_t left = submission->deadline_ms - clock_monotonic_ms();

	if (flight->state == FLIGHT_FROZEN && left > 0) {
		flight->state = FLIGHT_NEW;
		loop_timer_set(flight->timer, left);
		round_advance(flight->dispatcher, flight);
	} else {
		expire(flight->dispatcher, flight);
	}
}

/* No provider's plan can carry it: told for good, with what stands in the way
 * at the first. */
static void
exclude_impossible(struct flight *flight, const struct route *route)
{
	for (unsigned i = 0; i < route->count; i++) {
		unsigned number = route->numbers[i];
		enum plan_obstacle obstacle = flight->plans[number].obstacle;
		if (obstacle == PLAN_POSSIBLE)
			continue;
		ledger_exclude(flight->ledger, number,
		    obstacle == PLAN_TOO_LARGE ? 552 : 554,
		    plan_obstacle_text(obstacle));
	}
}

/* What the store knows of its recipients. */
static void
recall_queued(struct dispatcher *dispatcher, struct flight *flight)
{
	const struct recipient *known = flight->message->submission->known;
	const struct known_terms terms = known_now(dispatcher->names);

	if (known == NULL)
		return;
	for (unsigned i = 0; i < flight->ledger->count; i++)
		flight->record.states[i] = known[i].state;
	known_recall(flight->ledger, known, &terms);
	ledger_freeze(flight->ledger, &dispatcher->waits, terms.now_ms);
	doubt_thaw(dispatcher, flight, terms.now_ms);
}

static void
recall(struct dispatcher *dispatcher, struct flight *flight)
{
	const struct submission *submission = flight->message->submission;
	int64_t now = clock_monotonic_ms();

	if (flight->queued) {
		recall_queued(dispatcher, flight);
		return;
	}
	loop_timer_set(
	    flight->timer, MAX(submission->deadline_ms - now, (int64_t)0));
	memory_recall(dispatcher->memory, flight->message, flight->ledger, now);
}

void
round_start(struct dispatcher *dispatcher, struct flight *flight)
{
	flight->timer =
	    loop_timer_new(dispatcher->options.loop, on_timer, flight);
	recall(dispatcher, flight);
	report_drop_late(flight);
	for (unsigned i = 0; i < flight->group_count; i++)
		exclude_impossible(flight, flight->groups[i].route);
	round_advance(dispatcher, flight);
}

void
round_stop(struct dispatcher *dispatcher, struct flight *flight)
{
	if (flight->state == FLIGHT_QUEUED)
		leave_queue(dispatcher, flight);
	if (flight->state == FLIGHT_FROZEN)
		flight->state = FLIGHT_NEW;
	if (flight->state == FLIGHT_NEW)
		landing_start(dispatcher, flight);
}
