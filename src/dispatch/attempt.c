/* SPDX-License-Identifier: MIT */
/*
 * One attempt: the waiting recipients of a flight go to one provider.  The
 * request is made on a work thread, carried, judged here.  While it is under
 * way its recipients are OPEN, and nothing else happens to the flight but its
 * deadline.
 */
#include "state.h"

#include "core/clock.h"

static void
send_exchange(struct dispatcher *dispatcher, struct flight *flight)
{
	struct exchange *exchange = flight->exchange;
	const struct carrier *carrier = exchange->kind == EXCHANGE_HTTP
					    ? &dispatcher->options.http
					    : &dispatcher->options.relay;

	flight->state = FLIGHT_SENDING;
	carrier->send(carrier->self, exchange);
}

static void
give_up_encoding(struct dispatcher *dispatcher, struct flight *flight)
{
	struct lane *lane = dispatcher->lanes[flight->provider];
	unsigned status = flight->plan.obstacle == PLAN_TOO_LARGE ? 552 : 554;

	chronicle_failure(flight, lane);
	ledger_reopen(flight->ledger, flight->delivery->recipients,
	    flight->delivery->count);
	ledger_exclude(
	    flight->ledger, flight->provider, status, flight->error->message);
	lane_cancel(lane, flight->from_domain);
	flight_clear(flight);
	dispatcher_wake(dispatcher, lane);
	dispatcher_advance(dispatcher, flight);
}

/* Not sent yet, and nothing is sent any more. */
static void
call_off(struct dispatcher *dispatcher, struct flight *flight)
{
	ledger_reopen(flight->ledger, flight->delivery->recipients,
	    flight->delivery->count);
	lane_cancel(dispatcher->lanes[flight->provider], flight->from_domain);
	flight_clear(flight);
	dispatcher_advance(dispatcher, flight);
}

static void
settle(struct dispatcher *dispatcher, struct flight *flight,
    const struct outcome *outcome)
{
	struct lane *lane = dispatcher->lanes[flight->provider];
	struct lane_attempt attempt = { flight->from_domain, flight->begun_ms };
	enum standing standing = judge_standing(flight->exchange, outcome);

	ledger_settle(
	    flight->ledger, flight->provider, flight->delivery, outcome);
	ledger_freeze(flight->ledger, &dispatcher->waits, clock_monotonic_ms());
	chronicle_attempt(flight, lane, outcome);
	enum lane_change change =
	    lane_settle(lane, standing, &attempt, outcome->retry_ms);
	chronicle_lane(lane, flight, change, judge_worst(outcome));
}

static void
on_exchange_done(void *object, struct exchange *exchange)
{
	struct flight *flight = object;
	struct dispatcher *dispatcher = flight->dispatcher;
	struct lane *lane = dispatcher->lanes[flight->provider];

	g_assert(loop_here(dispatcher->options.loop));
	g_assert(flight->exchange == exchange);
	struct outcome *outcome =
	    judge_outcome(lane->provider, flight->delivery, exchange);
	settle(dispatcher, flight, outcome);
	outcome_free(outcome);
	flight_clear(flight);
	dispatcher_wake(dispatcher, lane);
	dispatcher_advance(dispatcher, flight);
}

static void
on_encoded(void *owner, struct letter *letter)
{
	struct flight *flight = LETTER_OF(letter, struct flight, letter);
	struct dispatcher *dispatcher = flight->dispatcher;

	(void)owner;
	if (flight->exchange == NULL) {
		give_up_encoding(dispatcher, flight);
		return;
	}
	if (dispatcher->stopping || flight->answered) {
		call_off(dispatcher, flight);
		return;
	}
	const struct submission *submission = flight->message->submission;
	int64_t now = clock_monotonic_ms();

	chronicle_plan(flight, dispatcher->lanes[flight->provider]);
	flight->exchange->done = on_exchange_done;
	flight->exchange->object = flight;
	flight->exchange->deadline_ms =
	    MAX(submission->deadline_ms, now + dispatcher->answer_floor_ms);
	flight->begun_ms = now;
	send_exchange(dispatcher, flight);
}

/* A work thread. */
static void
on_encode(void *owner, struct letter *letter)
{
	struct flight *flight = LETTER_OF(letter, struct flight, letter);
	struct dispatcher *dispatcher = flight->dispatcher;

	(void)owner;
	flight_encode(
	    flight, route_provider(dispatcher->route, flight->provider));
	loop_post(dispatcher->options.loop, &flight->letter, on_encoded);
}

void
attempt_start(
    struct dispatcher *dispatcher, struct flight *flight, struct lane *lane)
{
	struct ledger *ledger = flight->ledger;
	g_autofree unsigned *picked = g_new(unsigned, ledger->count);
	unsigned count = ledger_pick(ledger, lane->number, picked);

	g_assert(count > 0 && lane_has_room(lane));
	ledger_open(ledger, picked, count);
	lane_begin(lane, flight->from_domain);
	flight->provider = lane->number;
	flight->delivery = delivery_new(flight->message, picked, count);
	flight->delivery->attempt = ++flight->attempts;
	flight->delivery->hostname = dispatcher->options.hostname;
	flight->state = FLIGHT_ENCODING;
	pool_post(dispatcher->options.work, &flight->letter, on_encode);
}
