/* SPDX-License-Identifier: MIT */
#include "doubt.h"

#include "chronicle.h"
#include "closing.h"
#include "core/clock.h"
#include "entry.h"
#include "evidence.h"
#include "lifetime.h"
#include "watch.h"

#define TOO_OFTEN "too many attempts ended in doubt"
#define NOT_TWICE "it may have been delivered, and its policy is never_twice"
#define NO_PROOF                                                          \
	"it may have been delivered, its policy is prefer_once, and the " \
	"provider cannot be asked"

/* How many of its doubts are of this flight. */
static unsigned
count_new(const struct flight *flight, unsigned number)
{
	const struct recipient *known = flight->message->submission->known;
	unsigned doubts = flight->ledger->recipients[number].doubts;

	return known != NULL ? doubts - known[number].doubts : doubts;
}

bool
doubt_arose(const struct flight *flight)
{
	for (unsigned i = 0; i < flight->ledger->count; i++)
		if (count_new(flight, i) > 0)
			return true;
	return false;
}

/* The longest doubt that this mail was given by policy or schedule: a wall
 * clock that was set back makes none longer. */
static int64_t
find_longest(const struct dispatcher *dispatcher, const struct flight *flight,
    const struct patience_doubt *doubt, bool unlikely)
{
	struct patience_doubt fresh = *doubt;
	int64_t pause = schedule_pause(
	    dispatcher->retry, flight->message->submission->rounds, 1);

	fresh.since_ms = 0;
	return MAX(
	    pause, patience_until(&dispatcher->patience, &fresh, unlikely, 0));
}

/* What was kept of the doubt, by a store or in memory, is made to fit its
 * policy as it is now. */
static void
adapt(const struct dispatcher *dispatcher, const struct flight *flight,
    unsigned number, int64_t now_ms)
{
	struct ledger_recipient *r = &flight->ledger->recipients[number];
	struct patience_doubt doubt =
	    evidence_describe(dispatcher, flight, number);
	bool by_begin = doubt.policy != DOUBT_PREFER_DELIVERY ||
			doubt.kind == PATIENCE_UPSTREAM;
	int64_t until = r->doubt.until_ms;

	if (until == 0 || by_begin)
		until = MAX(until, patience_until(&dispatcher->patience, &doubt,
				       r->doubt.unlikely, now_ms));
	if (flight->queued)
		until = MIN(until, now_ms + find_longest(dispatcher, flight,
						&doubt, r->doubt.unlikely));
	ledger_freeze(flight->ledger, number, r->doubt.since_ms, until);
}

void
doubt_recall(
    struct dispatcher *dispatcher, struct flight *flight, int64_t now_ms)
{
	lifetime_trusts(dispatcher); /* looks at the clocks */
	for (unsigned i = 0; i < flight->ledger->count; i++)
		if (flight->ledger->recipients[i].state == RECIPIENT_DOUBT)
			adapt(dispatcher, flight, i, now_ms);
}

static void
freeze(const struct dispatcher *dispatcher, const struct flight *flight,
    unsigned number, int64_t now_ms)
{
	bool unlikely = flight->ledger->recipients[number].doubt.unlikely;
	struct patience_doubt doubt =
	    evidence_describe(dispatcher, flight, number);

	doubt.since_ms = now_ms - MAX(flight->exchange->duration_ms, 0);
	ledger_freeze(flight->ledger, number, doubt.since_ms,
	    patience_until(&dispatcher->patience, &doubt, unlikely, now_ms));
}

void
doubt_settle(
    struct dispatcher *dispatcher, struct flight *flight, int64_t now_ms)
{
	for (unsigned i = 0; i < flight->ledger->count; i++) {
		const struct ledger_recipient *r =
		    &flight->ledger->recipients[i];
		if (r->state == RECIPIENT_DOUBT && r->doubt.until_ms == 0)
			freeze(dispatcher, flight, i, now_ms);
		else if (r->state == RECIPIENT_ACCEPTED && r->doubts > 0)
			watch_accept(dispatcher->watch, flight, i);
	}
}

/* What came of those whose doubt is over. */
struct thawing {
	int64_t now_ms;
	unsigned thawed, held;
	const char *why; /* a literal; of those held */
};

static void
hold(struct flight *flight, unsigned number, char *text)
{
	struct ledger_recipient *r = &flight->ledger->recipients[number];

	r->state = RECIPIENT_HELD;
	r->doubt = (struct ledger_doubt){ 0 };
	g_free(r->text);
	r->text = text;
}

static void
hold_often(struct flight *flight, unsigned number, struct thawing *thawing)
{
	thawing->held++;
	thawing->why = TOO_OFTEN;
	hold(flight, number,
	    g_strdup_printf(
		"%u attempts ended in doubt: it may have been delivered; "
		"release sends it once more",
		flight->ledger->recipients[number].doubts));
}

static void
hold_policy(struct flight *flight, unsigned number,
    const struct patience_doubt *doubt, struct thawing *thawing)
{
	unsigned provider = flight->ledger->recipients[number].provider;
	const char *name = provider != LEDGER_NOBODY
			       ? flight->dispatcher->names[provider]
			       : "a provider that is set no more";
	bool asked = doubt->absent_ms != 0;

	thawing->held++;
	thawing->why =
	    doubt->policy == DOUBT_NEVER_TWICE ? NOT_TWICE : NO_PROOF;
	hold(flight, number,
	    g_strdup_printf(
		"%s may have it: %s, and its policy is %s; look there, then "
		"drop it, or release sends it once more",
		name,
		asked ? "it did not say so when it was asked"
		      : "nothing could be learnt by asking",
		doubt_policy_text(doubt->policy)));
}

/* The mail's lifetime is over: nobody is asked any more. */
static void
end(struct flight *flight, unsigned number)
{
	struct ledger_recipient *r = &flight->ledger->recipients[number];

	ledger_thaw(flight->ledger, number);
	r->tried = UINT32_MAX;
}

static bool
is_over(struct dispatcher *dispatcher, const struct flight *flight,
    unsigned number, int64_t now_ms)
{
	const struct ledger_recipient *r = &flight->ledger->recipients[number];

	return flight->queued && r->doubt.until_ms <= now_ms &&
	       lifetime_is_over(dispatcher, flight, r->group);
}

/* To the same one when it can be asked, and not before. */
static bool
thaw_same(const struct dispatcher *dispatcher, struct flight *flight,
    unsigned number, int64_t now_ms)
{
	const struct ledger_recipient *r = &flight->ledger->recipients[number];
	struct lane *lane = dispatcher->lanes[r->provider];
	uint32_t takers = ledger_takers(flight->ledger, number);

	if (!(takers & ~r->refused_by & 1u << r->provider) ||
	    !lane_allows(
		lane, flight_domain(flight, r->group, lane->provider), now_ms))
		return false;
	ledger_thaw_same(flight->ledger, number);
	return true;
}

static bool
thaw_any(
    const struct dispatcher *dispatcher, struct flight *flight, unsigned number)
{
	if (!ledger_can_thaw(flight->ledger, number))
		return false;
	watch_begin(dispatcher->watch, flight, number);
	ledger_thaw(flight->ledger, number);
	return true;
}

static void
thaw_one(struct dispatcher *dispatcher, struct flight *flight, unsigned number,
    struct thawing *thawing)
{
	int64_t now = thawing->now_ms;
	const struct ledger_recipient *r = &flight->ledger->recipients[number];
	struct patience_doubt doubt =
	    evidence_describe(dispatcher, flight, number);
	struct patience_next next =
	    patience_next(&dispatcher->patience, &doubt, now);
	bool asked = next.step != PATIENCE_ASK || r->doubt.asked_ms != 0;
	bool again = next.step == PATIENCE_SAME || next.step == PATIENCE_ANY;

	if (asked && is_over(dispatcher, flight, number, now)) {
		end(flight, number);
	} else if (again && flight->queued &&
		   r->doubts >= dispatcher->doubt_attempts) {
		hold_often(flight, number, thawing);
	} else if (next.step == PATIENCE_SAME) {
		thawing->thawed += thaw_same(dispatcher, flight, number, now);
	} else if (next.step == PATIENCE_ANY) {
		thawing->thawed += thaw_any(dispatcher, flight, number);
	} else if (next.step == PATIENCE_HOLD && flight->queued) {
		hold_policy(flight, number, &doubt, thawing);
	}
}

/* Whoever waits to be sent again, and was found since. */
static void
look_at_watch(const struct dispatcher *dispatcher, struct flight *flight)
{
	for (unsigned i = 0; i < flight->ledger->count; i++) {
		const struct ledger_recipient *r =
		    &flight->ledger->recipients[i];
		unsigned provider;
		const char *id;
		if (r->state != RECIPIENT_WAITING || r->doubts == 0 ||
		    !watch_found(dispatcher->watch, flight, i, &provider, &id))
			continue;
		ledger_resolve(flight->ledger, i, provider, id);
		chronicle_found(flight, dispatcher->names[provider]);
		entry_note(flight, g_strdup_printf("asked %s: it has the mail",
				       dispatcher->names[provider]));
	}
}

void
doubt_thaw(struct dispatcher *dispatcher, struct flight *flight, int64_t now_ms)
{
	struct thawing thawing = { .now_ms = now_ms };

	look_at_watch(dispatcher, flight);
	if (ledger_count(flight->ledger, RECIPIENT_DOUBT) == 0)
		return;
	if (!flight->queued)
		memory_review(dispatcher->memory, flight->message,
		    flight->ledger, now_ms);
	for (unsigned i = 0; i < flight->ledger->count; i++)
		if (flight->ledger->recipients[i].state == RECIPIENT_DOUBT)
			thaw_one(dispatcher, flight, i, &thawing);
	if (thawing.thawed > 0)
		chronicle_doubt(flight, thawing.thawed);
	if (thawing.held == 0)
		return;
	flight->landing.hold = thawing.why;
	closing_hold(flight, thawing.held);
}

bool
doubt_ask(struct dispatcher *dispatcher, struct flight *flight, int64_t now_ms)
{
	if (dispatcher->stopping ||
	    ledger_count(flight->ledger, RECIPIENT_DOUBT) == 0)
		return false;
	if (evidence_seek(dispatcher, flight, now_ms))
		return true;
	/* who could not even be asked was asked for the last time */
	doubt_thaw(dispatcher, flight, now_ms);
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
	bool goes = doubt.kind == PATIENCE_UPSTREAM ||
		    ledger_can_thaw(flight->ledger, number);

	if (next.step == PATIENCE_ASK || (next.step == PATIENCE_WAIT && goes))
		return next.at_ms;
	return 0;
}

int64_t
doubt_next(const struct flight *flight)
{
	int64_t first = 0, now = clock_monotonic_ms();

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

	if (next.step == PATIENCE_ASK || next.step == PATIENCE_WAIT)
		return MAX(next.at_ms, now_ms);
	return MAX(doubt.until_ms, now_ms);
}

int64_t
doubt_due(const struct flight *flight)
{
	int64_t first = 0, now = clock_monotonic_ms();

	if (ledger_count(flight->ledger, RECIPIENT_WAITING) > 0)
		return ledger_doubt_first(flight->ledger);
	for (unsigned i = 0; i < flight->ledger->count; i++) {
		int64_t at = 0;
		if (flight->ledger->recipients[i].state == RECIPIENT_DOUBT)
			at = find_step(flight->dispatcher, flight, i, now);
		if (at != 0 && (first == 0 || at < first))
			first = at;
	}
	return first;
}

void
doubt_restore(struct flight *flight)
{
	ledger_refreeze(flight->ledger);
}

/* A doubt at an upstream is not delayed past the time for another one. */
static int64_t
choose_delay(const struct flight *flight, unsigned number, int64_t pause_ms)
{
	const struct dispatcher *dispatcher = flight->dispatcher;
	struct patience_doubt doubt =
	    evidence_describe(dispatcher, flight, number);
	int64_t now = clock_monotonic_ms();
	int64_t move = doubt.since_ms + dispatcher->patience.move_ms;

	if (doubt.kind == PATIENCE_UPSTREAM && move > now)
		return MIN(now + pause_ms, move);
	return now + pause_ms;
}

void
doubt_delay(struct flight *flight, int64_t pause_ms)
{
	int64_t now = clock_monotonic_ms();

	for (unsigned i = 0; i < flight->ledger->count; i++) {
		struct ledger_recipient *r = &flight->ledger->recipients[i];
		int64_t until = choose_delay(flight, i, pause_ms);
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
