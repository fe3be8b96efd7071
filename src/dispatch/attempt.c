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

/* The attempt is over: its request is free for who waits, then it is the
 * flight's turn, which may be gone afterwards. */
static void
go_on(struct dispatcher *dispatcher, struct flight *flight, struct lane *lane)
{
	flight_clear(flight);
	dispatcher_wake(dispatcher, lane);
	dispatcher_advance(dispatcher, flight);
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
	lane_cancel(lane, &flight->attempt);
	go_on(dispatcher, flight, lane);
}

/* Not sent yet, and not to be sent by this lane any more. */
static void
call_off(struct dispatcher *dispatcher, struct flight *flight)
{
	struct lane *lane = dispatcher->lanes[flight->provider];

	ledger_reopen(flight->ledger, flight->delivery->recipients,
	    flight->delivery->count);
	lane_cancel(lane, &flight->attempt);
	go_on(dispatcher, flight, lane);
}

/* The client has its answer, we stop, or the provider failed while the request
 * was made. */
static bool
is_called_off(const struct dispatcher *dispatcher, const struct flight *flight)
{
	return dispatcher->stopping || flight->answered ||
	       lane_closed_since(
		   dispatcher->lanes[flight->provider], &flight->attempt);
}

static void
settle(struct dispatcher *dispatcher, struct flight *flight,
    const struct outcome *outcome)
{
	struct lane *lane = dispatcher->lanes[flight->provider];
	struct lane_finding finding = {
		.standing = judge_standing(flight->exchange, outcome),
		.retry_ms = outcome->retry_ms,
		.moment = { clock_monotonic_ms(), g_random_double() },
	};

	ledger_settle(
	    flight->ledger, flight->provider, flight->delivery, outcome);
	ledger_freeze(
	    flight->ledger, &dispatcher->waits, finding.moment.now_ms);
	chronicle_attempt(flight, lane, outcome);
	unsigned changes = lane_settle(lane, &flight->attempt, &finding);
	chronicle_lane(lane, flight, changes, judge_worst(outcome));
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
	go_on(dispatcher, flight, lane);
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
	if (is_called_off(dispatcher, flight)) {
		call_off(dispatcher, flight);
		return;
	}
	chronicle_plan(flight, dispatcher->lanes[flight->provider]);
	flight->exchange->done = on_exchange_done;
	flight->exchange->object = flight;
	flight->exchange->deadline_ms =
	    flight->message->submission->deadline_ms +
	    dispatcher->answer_floor_ms;
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
	ledger_open(ledger, lane->number, picked, count);
	/* whoever sends the same meanwhile is in doubt; without a Message-ID
	 * two equal mails may both be meant */
	if (flight->message->had_message_id)
		dispatcher_remember(dispatcher, flight);
	flight->attempt = lane_begin(lane, flight->from_domain);
	flight->provider = lane->number;
	flight->delivery = delivery_new(flight->message, picked, count);
	flight->delivery->attempt = ++flight->attempts;
	flight->delivery->hostname = dispatcher->options.hostname;
	flight->state = FLIGHT_ENCODING;
	pool_post(dispatcher->options.work, &flight->letter, on_encode);
}
