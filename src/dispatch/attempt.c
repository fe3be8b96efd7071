/* SPDX-License-Identifier: MIT */
/*
 * One attempt: the waiting recipients of a flight go to one provider.  The
 * request is made on a work thread, recorded to begin (of mails of the queue),
 * carried, judged here.  While it is under way its recipients are OPEN, and
 * nothing else happens to the flight but its deadline.
 */
#include "state.h"

#include "bulletin.h"
#include "chronicle.h"
#include "doubt.h"
#include "entry.h"
#include "keeping.h"
#include "pause.h"
#include "probe.h"
#include "reserve.h"
#include "weighing.h"

/* A client's deadline bounds the attempt, unless the queue can take the mail
 * over then. */
static int64_t
choose_deadline(
    const struct dispatcher *dispatcher, const struct flight *flight)
{
	if (flight->queued || dispatcher->options.journal != NULL)
		return dispatcher_now(dispatcher) + dispatcher->attempt_ms;
	return flight->message->submission->deadline_ms +
	       dispatcher->answer_floor_ms;
}

/* Of mail that came while we run, to the first provider that is asked. */
static void
time_start(const struct dispatcher *dispatcher, const struct flight *flight)
{
	const struct submission *submission = flight->message->submission;

	if (submission->received_us != 0 && flight->landing.asked == 0 &&
	    submission->attempts == 0)
		metrics_time(dispatcher->options.metrics, METRICS_START,
		    dispatcher_now(dispatcher) * 1000 -
			submission->received_us);
}

static void
send_exchange(struct dispatcher *dispatcher, struct flight *flight)
{
	struct exchange *exchange = flight->exchange;
	const struct carrier *carrier = exchange->kind == EXCHANGE_HTTP
					    ? &dispatcher->options.http
					    : &dispatcher->options.relay;

	exchange->deadline_ms = choose_deadline(dispatcher, flight);
	flight->state = FLIGHT_SENDING;
	time_start(dispatcher, flight);
	carrier->send(carrier->self, exchange);
}

/* The attempt is over: its request is free for who waits, then it is the
 * flight's turn, which may be gone afterwards. */
static void
go_on(struct dispatcher *dispatcher, struct flight *flight, struct lane *lane)
{
	flight_clear(flight);
	round_wake(dispatcher, lane);
	weighing_wake(dispatcher, lane);
	round_advance(dispatcher, flight);
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

/* Not sent, and not to be sent by this lane any more. */
static void
call_off(struct dispatcher *dispatcher, struct flight *flight)
{
	struct lane *lane = dispatcher->lanes[flight->provider];
	const struct verdict verdict = {
		.class = VERDICT_OUTAGE,
		.text = dispatcher->stopping
			    ? "not sent: stopping"
			    : "not sent: the provider failed meanwhile",
	};

	ledger_reopen(flight->ledger, flight->delivery->recipients,
	    flight->delivery->count);
	/* told only when it was recorded to begin */
	entry_end(dispatcher, flight, &verdict);
	lane_cancel(lane, &flight->attempt);
	go_on(dispatcher, flight, lane);
}

/* The client has its answer, we stop, or the provider failed while the request
 * was made. */
static bool
is_called_off(const struct dispatcher *dispatcher, const struct flight *flight)
{
	return dispatcher->stopping || flight->answered ||
	       flight->record.lost ||
	       lane_closed_since(
		   dispatcher->lanes[flight->provider], &flight->attempt);
}

static uint64_t
digest(const char *text)
{
	return g_str_hash(text != NULL ? text : "");
}

/* What is to tell one mail from another: that of a client that sends the same
 * again is the same. */
static void
add_digests(const struct flight *flight, struct lane_finding *finding)
{
	const struct message *message = flight->message;
	const struct envelope *envelope = message->submission->envelope;
	unsigned first = flight->delivery->recipients[0];

	finding->mail =
	    digest(message->had_message_id ? message->message_id
					   : message->submission->id);
	finding->sender =
	    digest(envelope->sender != NULL ? envelope->sender->text : NULL);
	finding->domain = digest(envelope_recipient(envelope, first)->domain);
}

/* A report of our own that is refused says nothing of other mail; only a lane
 * that is not believed anyway is not back because of it. */
static unsigned
count_refused(const struct flight *flight, const struct outcome *outcome)
{
	const struct dispatcher *dispatcher = flight->dispatcher;
	const struct lane *lane = dispatcher->lanes[flight->provider];

	if (flight->message->submission->report && !lane_is_distrusted(lane))
		return 0;
	return judge_refused(outcome);
}

static struct lane_finding
find_out(const struct flight *flight, const struct outcome *outcome)
{
	const struct exchange *exchange = flight->exchange;
	struct lane_finding finding = {
		.standing = judge_standing(exchange, outcome),
		.retry_ms = outcome->retry_ms,
		.duration_ms = exchange->duration_ms,
		.unreached = exchange->unreached,
		.timed_out = exchange->timed_out,
		.accepted = ledger_accepted(outcome),
		.taken = judge_taken(outcome),
		.refused = count_refused(flight, outcome),
		.text = judge_worst(outcome)->text,
		.moment = { dispatcher_now(flight->dispatcher),
		    g_random_double() },
	};

	add_digests(flight, &finding);
	return finding;
}

/* Too many for now, and the provider keeps its mail (overflow = no): it is
 * asked again in this round. */
static void
keep_throttled(struct flight *flight, const struct lane *lane)
{
	const struct delivery *delivery = flight->delivery;

	if (lane->provider->pace.overflow)
		return;
	for (unsigned i = 0; i < delivery->count; i++) {
		struct ledger_recipient *r =
		    &flight->ledger->recipients[delivery->recipients[i]];
		if (r->class == VERDICT_THROTTLE)
			r->tried &= ~(1u << lane->number);
	}
}

static void
settle(struct dispatcher *dispatcher, struct flight *flight,
    const struct outcome *outcome)
{
	struct lane *lane = dispatcher->lanes[flight->provider];
	struct lane_finding finding = find_out(flight, outcome);

	flight->landing.asked |= 1u << lane->number;
	lane->work.attempts[judge_worst(outcome)->class]++;
	metrics_spread_add(
	    &lane->work.requests, flight->exchange->duration_ms * 1000);
	flight->groups[flight->group].asked = true;
	ledger_settle(
	    flight->ledger, flight->provider, flight->delivery, outcome);
	if (finding.standing == STANDING_THROTTLED)
		keep_throttled(flight, lane);
	weighing_enter(dispatcher, flight, outcome);
	doubt_settle(dispatcher, flight, finding.moment.now_ms);
	entry_end(dispatcher, flight, judge_worst(outcome));
	if (flight->taken)
		memory_refresh(dispatcher->memory, flight->message,
		    flight->ledger, finding.moment.now_ms);
	chronicle_attempt(flight, lane, outcome);
	unsigned changes = lane_settle(lane, &flight->attempt, &finding);
	if (finding.refused > 0)
		keeping_note(dispatcher);
	weighing_note(dispatcher, lane, finding.accepted);
	bulletin_attempt(dispatcher, flight, changes, outcome);
	if (finding.accepted > 0) {
		probe_overrule(dispatcher, lane);
		pause_took(dispatcher, lane);
	}
	pause_note(dispatcher, lane, changes);
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
on_recorded(void *owner, struct letter *letter)
{
	struct flight *flight = LETTER_OF(letter, struct flight, letter);
	struct dispatcher *dispatcher = flight->dispatcher;

	(void)owner;
	if (!flight->record.recorded) {
		flight->record.lost = true;
		g_clear_pointer(&flight->record.open, journal_attempt_free);
		call_off(dispatcher, flight);
	} else if (is_called_off(dispatcher, flight)) {
		call_off(dispatcher, flight);
	} else {
		send_exchange(dispatcher, flight);
	}
}

/* The store's thread. */
static void
on_begun(void *object, bool recorded)
{
	struct flight *flight = object;

	flight->record.recorded = recorded;
	loop_post(
	    flight->dispatcher->options.loop, &flight->letter, on_recorded);
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
	if (flight->queued) {
		flight->state = FLIGHT_BEGINNING;
		entry_begin(dispatcher, flight, on_begun);
	} else {
		entry_open(dispatcher, flight);
		send_exchange(dispatcher, flight);
	}
}

/* A work thread. */
static void
on_encode(void *owner, struct letter *letter)
{
	struct flight *flight = LETTER_OF(letter, struct flight, letter);
	struct dispatcher *dispatcher = flight->dispatcher;

	(void)owner;
	flight_encode(
	    flight, route_map_provider(dispatcher->map, flight->provider));
	loop_post(dispatcher->options.loop, &flight->letter, on_encoded);
}

void
attempt_start(struct dispatcher *dispatcher, struct flight *flight,
    struct lane *lane, const struct lane_query *query)
{
	struct ledger *ledger = flight->ledger;
	g_autofree unsigned *picked = g_new(unsigned, ledger->count);
	unsigned count =
	    ledger_pick(ledger, flight->group, lane->number, picked);

	g_assert(count > 0);
	ledger_open(ledger, lane->number, picked, count);
	/* whoever sends the same meanwhile is in doubt; without a mark two
	 * equal mails may both be meant */
	if (memory_knows(flight->message) && !flight->queued)
		dispatcher_remember(dispatcher, flight);
	weighing_begin(dispatcher, flight, lane->number);
	flight->attempt = lane_begin(lane, query, dispatcher_now(dispatcher));
	keeping_count(dispatcher, lane);
	flight->provider = lane->number;
	flight->delivery = delivery_new(flight->message, picked, count);
	flight->delivery->attempt = ++flight->attempts;
	flight->delivery->hostname = dispatcher->options.hostname;
	flight_dress(flight, lane->provider);
	flight->state = FLIGHT_ENCODING;
	reserve_note(dispatcher, flight, lane);
	pause_tick(dispatcher, lane);
	pool_post(dispatcher->options.work, &flight->letter, on_encode);
}
