/* SPDX-License-Identifier: MIT */
#include "doubt.h"

#include "entry.h"
#include "evidence.h"
#include "hearing.h"
#include "lifetime.h"
#include "thaw.h"
#include "watch.h"

void
doubt_open(struct dispatcher *dispatcher)
{
	evidence_open(dispatcher);
	dispatcher->watch = watch_new(dispatcher);
}

void
doubt_stop(struct dispatcher *dispatcher)
{
	watch_stop(dispatcher->watch);
	evidence_stop(dispatcher);
}

void
doubt_close(struct dispatcher *dispatcher)
{
	watch_free(dispatcher->watch);
	evidence_close(dispatcher);
}

/* How many of its doubts are of this flight. */
static unsigned
count_new(const struct flight *flight, unsigned number)
{
	const struct recipient *known = flight->message->submission->known;
	unsigned doubts = flight->ledger->recipients[number].doubts;

	return known != NULL ? doubts - known[number].doubts : doubts;
}

/* It was sent to the same provider again, which did not take it. */
static bool
was_in_vain(const struct flight *flight, unsigned number)
{
	const struct ledger_recipient *r = &flight->ledger->recipients[number];

	return r->state == RECIPIENT_DOUBT && r->doubt.same;
}

bool
doubt_arose(const struct flight *flight)
{
	for (unsigned i = 0; i < flight->ledger->count; i++)
		if (count_new(flight, i) > 0 || was_in_vain(flight, i))
			return true;
	return false;
}

/* The longest doubt that this mail was given by policy or schedule, from now
 * on: a wall clock that was set back makes none longer. */
static int64_t
find_longest(const struct dispatcher *dispatcher, const struct flight *flight,
    const struct patience_doubt *doubt, bool unlikely, int64_t now_ms)
{
	struct patience_doubt fresh = *doubt;
	int64_t pause = schedule_pause(
	    dispatcher->retry, flight->message->submission->rounds, 1);

	fresh.begun_ms = 0;
	fresh.since_ms =
	    doubt->kind == PATIENCE_UPSTREAM ? doubt->since_ms - now_ms : 0;
	return MAX(
	    pause, patience_until(&dispatcher->patience, &fresh, unlikely, 0));
}

/* What was kept of the doubt, by a store or in memory, is made to fit its
 * policy as it is now. */
static void
adapt(const struct dispatcher *dispatcher, struct flight *flight,
    unsigned number, int64_t now_ms)
{
	struct ledger_recipient *r = &flight->ledger->recipients[number];
	struct patience_doubt doubt =
	    evidence_describe(dispatcher, flight, number);
	bool by_begin = doubt.policy != DOUBT_PREFER_DELIVERY ||
			doubt.kind == PATIENCE_UPSTREAM;
	int64_t until = r->doubt.until_ms;
	int64_t ended = until == 0 ? now_ms : r->doubt.since_ms;

	if (until == 0)
		doubt.begun_ms = now_ms;
	if (until == 0 || by_begin)
		until = MAX(until, patience_until(&dispatcher->patience, &doubt,
				       r->doubt.unlikely, ended));
	if (flight->queued)
		until =
		    MIN(until, now_ms + find_longest(dispatcher, flight, &doubt,
					    r->doubt.unlikely, now_ms));
	/* what is new is told, or it would be as new each time */
	if (until != r->doubt.until_ms || r->doubt.since_ms == now_ms)
		flight->record.states[number] = RECIPIENT_OPEN;
	ledger_freeze(flight->ledger, number, r->doubt.since_ms, until);
}

/* Once for all that a doubt has arisen of. */
static void
tell_policy(const struct dispatcher *dispatcher, struct flight *flight,
    unsigned number, unsigned count)
{
	unsigned provider = flight->ledger->recipients[number].provider;
	struct patience_doubt doubt =
	    evidence_describe(dispatcher, flight, number);

	if (count == 0)
		return;
	entry_note(flight,
	    g_strdup_printf(DOUBT_NOTE "%s for %u recipient%s, doubt = %s: %s",
		provider != LEDGER_NOBODY ? dispatcher->names[provider]
					  : "a provider that is set no more",
		count, count == 1 ? "" : "s", doubt_policy_text(doubt.policy),
		patience_tell(&doubt)));
}

void
doubt_recall(
    struct dispatcher *dispatcher, struct flight *flight, int64_t now_ms)
{
	unsigned arisen = 0, last = 0;

	lifetime_trusts(dispatcher); /* looks at the clocks */
	for (unsigned i = 0; i < flight->ledger->count; i++) {
		const struct ledger_recipient *r =
		    &flight->ledger->recipients[i];
		if (r->state != RECIPIENT_DOUBT)
			continue;
		last = r->doubt.until_ms == 0 ? i : last;
		arisen += r->doubt.until_ms == 0;
		adapt(dispatcher, flight, i, now_ms);
	}
	tell_policy(dispatcher, flight, last, arisen);
}

static void
freeze(const struct dispatcher *dispatcher, const struct flight *flight,
    unsigned number, int64_t now_ms)
{
	bool unlikely = flight->ledger->recipients[number].doubt.unlikely;
	struct patience_doubt doubt =
	    evidence_describe(dispatcher, flight, number);

	doubt.begun_ms = now_ms - MAX(flight->exchange->duration_ms, 0);
	/* as long as a clock says that jumped, nobody waits */
	if (doubt.since_ms == 0 ||
	    !clockwatch_trusts(&dispatcher->clocks, now_ms))
		doubt.since_ms = doubt.begun_ms;
	int64_t until =
	    patience_until(&dispatcher->patience, &doubt, unlikely, now_ms);
	ledger_freeze(flight->ledger, number, doubt.since_ms, until);
}

void
doubt_settle(
    struct dispatcher *dispatcher, struct flight *flight, int64_t now_ms)
{
	unsigned arisen = 0, last = 0;

	for (unsigned i = 0; i < flight->ledger->count; i++) {
		const struct ledger_recipient *r =
		    &flight->ledger->recipients[i];
		if (r->state == RECIPIENT_DOUBT && r->doubt.until_ms == 0) {
			freeze(dispatcher, flight, i, now_ms);
			arisen++;
			last = i;
		} else if (r->state == RECIPIENT_ACCEPTED && r->doubts > 0) {
			watch_accept(dispatcher->watch, flight, i);
		}
	}
	tell_policy(dispatcher, flight, last, arisen);
}

void
doubt_thaw(struct dispatcher *dispatcher, struct flight *flight, int64_t now_ms)
{
	hearing_apply(dispatcher, flight);
	thaw_flight(dispatcher, flight, now_ms);
}

bool
doubt_ask(struct dispatcher *dispatcher, struct flight *flight, int64_t now_ms)
{
	if (dispatcher_cuts(dispatcher, flight) ||
	    ledger_count(flight->ledger, RECIPIENT_DOUBT) == 0)
		return false;
	if (evidence_seek(dispatcher, flight, now_ms))
		return true;
	/* who could not even be asked was asked for the last time */
	thaw_flight(dispatcher, flight, now_ms);
	return false;
}

void
doubt_drop(struct flight *flight)
{
	evidence_drop(flight);
}

/* 0: nothing that a client could wait for. */
static int64_t
find_worth(const struct dispatcher *dispatcher, const struct flight *flight,
    unsigned number, int64_t now_ms)
{
	struct patience_doubt doubt =
	    evidence_describe(dispatcher, flight, number);
	struct patience_next next =
	    patience_next(&dispatcher->patience, &doubt, now_ms);
	bool goes =
	    doubt.left > 0 && (doubt.kind == PATIENCE_UPSTREAM ||
				  ledger_can_thaw(flight->ledger, number));

	if (next.step == PATIENCE_ASK || (next.step == PATIENCE_WAIT && goes))
		return next.at_ms;
	return 0;
}

int64_t
doubt_next(const struct flight *flight)
{
	int64_t first = 0, now = dispatcher_now(flight->dispatcher);

	for (unsigned i = 0; i < flight->ledger->count; i++) {
		int64_t at = 0;
		if (flight->ledger->recipients[i].state == RECIPIENT_DOUBT)
			at = find_worth(flight->dispatcher, flight, i, now);
		if (at != 0 && (first == 0 || at < first))
			first = at;
	}
	return first;
}

static int64_t
find_step(const struct dispatcher *dispatcher, const struct flight *flight,
    unsigned number, int64_t now_ms)
{
	struct patience_doubt doubt =
	    evidence_describe(dispatcher, flight, number);
	struct patience_next next =
	    patience_next(&dispatcher->patience, &doubt, now_ms);

	if (evidence_is_given_up(&flight->ledger->recipients[number]))
		return MAX(doubt.until_ms, now_ms);
	/* it is held then */
	if (doubt.left == 0 && next.step != PATIENCE_ASK)
		return now_ms;
	if (next.step == PATIENCE_ASK || next.step == PATIENCE_WAIT)
		return MAX(next.at_ms, now_ms);
	return MAX(doubt.until_ms, now_ms);
}

int64_t
doubt_due(const struct flight *flight)
{
	const struct dispatcher *dispatcher = flight->dispatcher;
	int64_t first = 0, now = dispatcher_now(dispatcher);
	bool rounds = ledger_count(flight->ledger, RECIPIENT_WAITING) > 0;

	for (unsigned i = 0; i < flight->ledger->count; i++) {
		int64_t at = 0;
		if (flight->ledger->recipients[i].state == RECIPIENT_DOUBT)
			at = rounds ? evidence_describe(dispatcher, flight, i)
					  .until_ms
				    : find_step(dispatcher, flight, i, now);
		if (at != 0 && (first == 0 || at < first))
			first = at;
	}
	return first;
}

/* Whose doubt ended with the lifetime, when nobody is given up now. */
static void
restore_ended(struct flight *flight)
{
	for (unsigned i = 0; i < flight->ledger->count; i++) {
		struct ledger_recipient *r = &flight->ledger->recipients[i];
		if (r->state != RECIPIENT_WAITING || !r->doubt.ended)
			continue;
		r->state = RECIPIENT_DOUBT;
		r->doubt.ended = false;
	}
}

void
doubt_restore(struct flight *flight)
{
	const struct dispatcher *dispatcher = flight->dispatcher;

	ledger_refreeze(flight->ledger);
	if (dispatcher_cuts(dispatcher, flight))
		restore_ended(flight);
}

/* An upstream may have it, and another provider could take it. */
static bool
moves_on(const struct patience_doubt *doubt)
{
	return doubt->kind == PATIENCE_UPSTREAM && doubt->others &&
	       doubt->policy == DOUBT_PREFER_DELIVERY;
}

/* That one is not delayed past its time. */
static int64_t
choose_delay(const struct flight *flight, unsigned number, int64_t pause_ms)
{
	const struct dispatcher *dispatcher = flight->dispatcher;
	struct patience_doubt doubt =
	    evidence_describe(dispatcher, flight, number);
	int64_t now = dispatcher_now(dispatcher);
	int64_t move = doubt.since_ms + dispatcher->patience.move_ms;

	if (evidence_is_given_up(&flight->ledger->recipients[number]))
		return now + pause_ms;
	if (moves_on(&doubt))
		return MIN(now + pause_ms, MAX(move, now));
	/* it is asked for as long as it takes */
	if (doubt.kind == PATIENCE_ASKABLE && pause_ms > 0 &&
	    doubt.policy == DOUBT_PREFER_ONCE)
		pause_ms = MAX(pause_ms, patience_gap(&dispatcher->patience));
	return now + pause_ms;
}

/* A report that has to wait puts nobody nearer. */
static int64_t
find_pause(const struct flight *flight, int64_t pause_ms)
{
	if (flight->landing.report_ms == 0)
		return pause_ms;
	return schedule_pause(flight->dispatcher->retry,
	    flight->message->submission->rounds, g_random_double());
}

void
doubt_delay(struct flight *flight, int64_t pause_ms)
{
	int64_t now = dispatcher_now(flight->dispatcher);
	int64_t pause = find_pause(flight, pause_ms);

	for (unsigned i = 0; i < flight->ledger->count; i++) {
		struct ledger_recipient *r = &flight->ledger->recipients[i];
		int64_t until = choose_delay(flight, i, pause);
		bool stays = r->doubt.until_ms > now &&
			     (count_new(flight, i) == 0 ||
				 ledger_has_turn(flight->ledger, i));
		if (r->state != RECIPIENT_DOUBT || r->doubt.until_ms >= until ||
		    stays)
			continue;
		r->doubt.until_ms = until;
		/* as the store was told it is not true any more */
		flight->record.states[i] = RECIPIENT_OPEN;
	}
}
