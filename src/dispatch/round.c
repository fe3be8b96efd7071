/* SPDX-License-Identifier: MIT */
/*
 * A round: the mail goes down its route, each provider at most once, without a
 * pause.  It ends with the landing, when nobody is left to be asked now.
 */
#include "state.h"

#include "chronicle.h"
#include "client.h"
#include "doubt.h"
#include "known.h"
#include "landing.h"
#include "pause.h"
#include "report.h"
#include "reserve.h"
#include "shun.h"
#include "takeover.h"
#include "twin.h"
#include "weighing.h"

/* What the lanes say to a flight. */
struct choice {
	struct lane *lane; /* NULL: none is of use now */
	unsigned group;
	enum lane_answer answer;
	struct lane_query query;
	int64_t now_ms; /* it was asked at */
};

/* Another provider was asked for it in this round, not only for what it refused
 * in another one. */
static bool
is_failover(const struct ledger *ledger, unsigned recipient, unsigned provider)
{
	const struct ledger_recipient *r = &ledger->recipients[recipient];

	return (r->tried & ~r->refused_by & ~(1u << provider)) != 0;
}

static struct lane_query
make_query(const struct flight *flight, unsigned group, const struct lane *lane,
    unsigned *picked)
{
	const struct ledger *ledger = flight->ledger;
	struct lane_query query = {
		.from_domain = flight_domain(flight, group, lane->provider),
		.recipients = ledger_pick(ledger, group, lane->number, picked),
	};

	for (unsigned i = 0; i < query.recipients; i++)
		query.failover |= is_failover(ledger, picked[i], lane->number);
	return query;
}

/* It lands, and comes back when that lane is asked again. */
static void
keep_for(struct flight *flight, int64_t when_ms)
{
	int64_t *kept = &flight->landing.kept_ms;

	if (when_ms != 0 && (*kept == 0 || when_ms < *kept))
		*kept = when_ms;
}

/* It does not take those who wait now, and may in another round. */
static bool
may_take_later(
    const struct flight *flight, unsigned group, const struct lane *lane)
{
	const struct ledger *ledger = flight->ledger;
	uint32_t bit = 1u << lane->number;

	for (unsigned i = 0; i < ledger->count; i++) {
		const struct ledger_recipient *r = &ledger->recipients[i];
		if (r->group == group && r->state == RECIPIENT_WAITING &&
		    (ledger->possible & bit) && !(r->refused_by & bit))
			return true;
	}
	return false;
}

/* Of no use in this round: what it is worth to come back for. */
static void
note_closed(struct flight *flight, struct lane *lane,
    const struct choice *choice, int64_t when_ms)
{
	struct flight_landing *landing = &flight->landing;

	chronicle_skip(flight, lane, choice->now_ms);
	if (lane_is_full(lane, choice->now_ms) &&
	    lane_allows(lane, choice->query.from_domain, choice->now_ms))
		landing->full = lane;
	else if (choice->answer == LANE_KEEPS)
		keep_for(flight, when_ms);
	else
		landing->others = true;
}

/* The lanes of one group, in its order: the first that takes it, or is worth
 * waiting for; one that takes it later only when there is no other. */
static void
ask_group(struct dispatcher *dispatcher, struct flight *flight, unsigned number,
    struct choice *best)
{
	const struct flight_group *group = &flight->groups[number];
	g_autofree unsigned *picked = g_new(unsigned, flight->ledger->count);
	int64_t now = best->now_ms, when;

	for (unsigned i = 0; i < group->order_count; i++) {
		struct lane *lane = dispatcher->lanes[group->order[i]];
		struct choice one = { lane, number, .now_ms = now };
		/* its quotas are of the clock as it is set now */
		lane_clock(lane, dispatcher_wall(dispatcher), now);
		one.query = make_query(flight, number, lane, picked);
		if (one.query.recipients == 0) {
			flight->landing.others |=
			    may_take_later(flight, number, lane);
			continue;
		}
		one.answer = lane_ask(lane, &one.query, now, &when);
		if (one.answer < best->answer)
			*best = one;
		if (one.answer >= LANE_CLOSED_NOW)
			note_closed(flight, lane, &one, when);
		if (one.answer != LANE_LATER && one.answer != LANE_CLOSED_NOW)
			return;
	}
}

/* Over all groups: what can be sent now is, before anything is waited for. */
static struct choice
choose(struct dispatcher *dispatcher, struct flight *flight, int64_t now_ms)
{
	struct choice best = { .answer = LANE_CLOSED_NOW, .now_ms = now_ms };

	flight->landing.kept_ms = 0;
	flight->landing.others = false;
	flight->landing.full = NULL;
	for (unsigned i = 0;
	     i < flight->group_count && best.answer != LANE_TAKES; i++)
		ask_group(dispatcher, flight, i, &best);
	return best;
}

static void
wait_in_line(struct dispatcher *dispatcher, struct flight *flight,
    const struct choice *choice)
{
	flight->state = FLIGHT_QUEUED;
	flight->provider = choice->lane->number;
	if (choice->query.failover)
		flight->line = LANE_MOVED;
	else
		flight->line =
		    flight_was_tried(flight) ? LANE_TRIED : LANE_FRESH;
	lane_wait(choice->lane, &flight->waiting, flight->line);
	pause_arm(dispatcher, choice->lane, choice->now_ms);
}

static void
leave_line(struct dispatcher *dispatcher, struct flight *flight)
{
	lane_leave(dispatcher->lanes[flight->provider], &flight->waiting,
	    flight->line);
	flight->state = FLIGHT_NEW;
}

static void
set_timer(struct flight *flight, int64_t until_ms)
{
	loop_timer_set(flight->timer,
	    MAX(until_ms - dispatcher_now(flight->dispatcher), (int64_t)0));
}

/* No provider to ask now.  A doubt that ends before the client's deadline is
 * worth waiting for, and so is another sending of the mail that is under way,
 * and what a refusal is worth. */
static void
wait_or_land(struct dispatcher *dispatcher, struct flight *flight, bool waits)
{
	int64_t doubt = doubt_next(flight);
	int64_t weighed = weighing_until(flight);
	int64_t deadline = flight->queued
			       ? INT64_MAX
			       : flight->message->submission->deadline_ms;

	if (doubt == 0 || doubt > deadline)
		doubt = deadline;
	if (waits || (!flight->queued && doubt < deadline)) {
		flight->state = FLIGHT_FROZEN;
		set_timer(flight, doubt);
	} else if (weighed != 0) {
		weighing_wait(dispatcher, flight);
		set_timer(flight, MIN(weighed, deadline));
	} else {
		landing_start(dispatcher, flight);
	}
}

static bool
is_over(const struct dispatcher *dispatcher, const struct flight *flight,
    int64_t now_ms)
{
	if (dispatcher->stopping)
		return true;
	if (flight->queued)
		return dispatcher_cuts(dispatcher, flight);
	return flight->answered ||
	       now_ms >= flight->message->submission->deadline_ms;
}

void
round_advance(struct dispatcher *dispatcher, struct flight *flight)
{
	int64_t now = dispatcher_now(dispatcher);

	g_assert(flight->state == FLIGHT_NEW);
	if (is_over(dispatcher, flight, now)) {
		landing_start(dispatcher, flight);
		return;
	}
	weighing_review(dispatcher, flight, now);
	doubt_thaw(dispatcher, flight, now);
	shun_listed(dispatcher, flight);
	bool waits = !flight->queued && twin_waits(dispatcher, flight);
	if (doubt_ask(dispatcher, flight, now))
		return;
	struct choice choice = choose(dispatcher, flight, now);
	flight->group = choice.group;
	if (choice.lane == NULL)
		reserve_miss(dispatcher, flight);
	if (choice.lane == NULL)
		wait_or_land(dispatcher, flight, waits);
	else if (choice.answer == LANE_TAKES)
		attempt_start(dispatcher, flight, choice.lane, &choice.query);
	else
		wait_in_line(dispatcher, flight, &choice);
}

static void
move_on(struct dispatcher *dispatcher, struct flight *flight)
{
	leave_line(dispatcher, flight);
	round_advance(dispatcher, flight);
}

/* Whoever the lane takes waits on. */
static void
move_refused(
    struct dispatcher *dispatcher, struct lane *lane, const GQueue *line)
{
	unsigned left = line->length;
	int64_t now = dispatcher_now(dispatcher);
	GList *next, *link = line->head;

	/* advancing one touches no other, and adds only behind the last */
	for (; left > 0; left--, link = next) {
		struct flight *flight = link->data;
		next = link->next;
		if (!lane_allows(lane,
			flight_domain(flight, flight->group, lane->provider),
			now))
			move_on(dispatcher, flight);
	}
}

void
round_wake(struct dispatcher *dispatcher, struct lane *lane)
{
	unsigned left = lane_waiting(lane);
	GList *link;

	/* who has to wait again comes behind them */
	for (; left > 0; left--) {
		link = lane_next(lane, dispatcher_now(dispatcher));
		if (link == NULL)
			break;
		move_on(dispatcher, link->data);
	}
	for (unsigned i = 0; i < LANE_LINES && !lane_allows_all(lane); i++)
		move_refused(dispatcher, lane, &lane->lines[i]);
	pause_refill(dispatcher, lane);
	pause_arm(dispatcher, lane, dispatcher_now(dispatcher));
}

/* True when it waited for something other than a lane. */
static bool
stop_waiting(struct dispatcher *dispatcher, struct flight *flight)
{
	if (flight->state == FLIGHT_WEIGHING)
		weighing_leave(dispatcher, flight);
	else if (flight->state == FLIGHT_FROZEN)
		flight->state = FLIGHT_NEW;
	else if (flight->state == FLIGHT_ASKING)
		doubt_drop(flight);
	else
		return false;
	return true;
}

void
round_rouse(struct dispatcher *dispatcher, struct flight *flight)
{
	if (stop_waiting(dispatcher, flight))
		round_advance(dispatcher, flight);
}

/* The client's time is over. */
static void
expire(struct dispatcher *dispatcher, struct flight *flight)
{
	bool flies =
	    flight->state == FLIGHT_SENDING || flight->state == FLIGHT_ENCODING;

	if (takeover_is_due(dispatcher, flight)) {
		takeover_start(dispatcher, flight);
		if (flight->state != FLIGHT_ASKING &&
		    stop_waiting(dispatcher, flight))
			round_advance(dispatcher, flight);
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
	int64_t left =
	    submission->deadline_ms - dispatcher_now(flight->dispatcher);

	if (!flight->queued && left <= 0) {
		expire(flight->dispatcher, flight);
		return;
	}
	if (!flight->queued)
		loop_timer_set(flight->timer, left);
	if (stop_waiting(flight->dispatcher, flight))
		round_advance(flight->dispatcher, flight);
}

/* What the store knows of its recipients. */
static void
recall_queued(struct dispatcher *dispatcher, struct flight *flight)
{
	const struct recipient *known = flight->message->submission->known;
	const struct known_terms terms = dispatcher_terms(dispatcher);

	if (known == NULL)
		return;
	for (unsigned i = 0; i < flight->ledger->count; i++)
		flight->record.states[i] = known[i].state;
	known_recall(flight->ledger, known, &terms);
	doubt_recall(dispatcher, flight, terms.now_ms);
	doubt_thaw(dispatcher, flight, terms.now_ms);
}

static void
recall(struct dispatcher *dispatcher, struct flight *flight)
{
	const struct submission *submission = flight->message->submission;
	int64_t now = dispatcher_now(dispatcher);

	if (flight->queued) {
		recall_queued(dispatcher, flight);
		return;
	}
	loop_timer_set(
	    flight->timer, MAX(submission->deadline_ms - now, (int64_t)0));
	memory_recall(dispatcher->memory, flight->message, flight->ledger, now);
	doubt_recall(dispatcher, flight, now);
}

void
round_start(struct dispatcher *dispatcher, struct flight *flight)
{
	flight->timer =
	    loop_timer_new(dispatcher->options.loop, on_timer, flight);
	recall(dispatcher, flight);
	report_drop_late(flight);
	flight_sift(flight);
	round_advance(dispatcher, flight);
}

void
round_stop(struct dispatcher *dispatcher, struct flight *flight)
{
	if (flight->state == FLIGHT_QUEUED)
		leave_line(dispatcher, flight);
	stop_waiting(dispatcher, flight);
	if (flight->state == FLIGHT_NEW)
		landing_start(dispatcher, flight);
}

/* Nothing has been asked for it: it can begin anew. */
static bool
is_untouched(const struct flight *flight)
{
	return (flight->state == FLIGHT_NEW ||
		   flight->state == FLIGHT_QUEUED) &&
	       flight->attempts == flight->message->submission->attempts &&
	       !flight->taken && !flight->answered && !flight->awaited;
}

bool
round_retire(struct dispatcher *dispatcher, struct flight *flight)
{
	if (is_untouched(flight)) {
		if (flight->state == FLIGHT_QUEUED)
			leave_line(dispatcher, flight);
		return true;
	}
	if (flight->queued)
		round_stop(dispatcher, flight);
	return false;
}
