/* SPDX-License-Identifier: MIT */
#include "thaw.h"

#include "chronicle.h"
#include "closing.h"
#include "entry.h"
#include "evidence.h"
#include "lifetime.h"
#include "watch.h"

#define TOO_OFTEN "too many attempts ended in doubt"
#define NOT_TWICE "it may have been delivered, and its policy is never_twice"
#define NO_PROOF                                                          \
	"it may have been delivered, its policy is prefer_once, and the " \
	"provider cannot be asked"

/* What came of those whose doubt is over. */
struct thawing {
	int64_t now_ms;
	unsigned thawed, held;
	const char *why; /* a literal; of those held */
};

static const char *
find_name(const struct flight *flight, unsigned number)
{
	unsigned provider = flight->ledger->recipients[number].provider;

	return provider != LEDGER_NOBODY ? flight->dispatcher->names[provider]
					 : "a provider that is set no more";
}

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

/* Its client keeps it, or the queue takes it over and holds it. */
static void
leave_often(struct flight *flight, unsigned number)
{
	chronicle_spent(flight, find_name(flight, number),
	    flight->ledger->recipients[number].doubts);
}

static void
hold_policy(struct flight *flight, unsigned number,
    const struct patience_doubt *doubt, struct thawing *thawing)
{
	bool asked = doubt->absent_ms != 0;

	thawing->held++;
	thawing->why =
	    doubt->policy == DOUBT_NEVER_TWICE ? NOT_TWICE : NO_PROOF;
	hold(flight, number,
	    g_strdup_printf(
		"%s may have it: %s, and its policy is %s; look there, then "
		"drop it, or release sends it once more",
		find_name(flight, number),
		asked ? "it did not say so when it was asked"
		      : "nothing could be learnt by asking",
		doubt_policy_text(doubt->policy)));
}

/* The mail's lifetime is over: nobody is asked any more. */
static void
end(struct flight *flight, unsigned number)
{
	struct ledger_recipient *r = &flight->ledger->recipients[number];

	r->state = RECIPIENT_WAITING;
	r->tried = UINT32_MAX;
	r->doubt.same = false;
	r->doubt.ended = true;
}

static bool
is_over(struct dispatcher *dispatcher, const struct flight *flight,
    unsigned number, int64_t until_ms)
{
	unsigned group = flight->ledger->recipients[number].group;

	return flight->queued && until_ms <= dispatcher_now(dispatcher) &&
	       lifetime_ends_doubt(dispatcher, flight, group);
}

/* The same one would still take it: it has not refused it since. */
static bool
takes_again(const struct flight *flight, unsigned number)
{
	const struct ledger_recipient *r = &flight->ledger->recipients[number];
	uint32_t takers = ledger_takers(flight->ledger, number);

	return (takers & ~r->refused_by & 1u << r->provider) != 0;
}

/* To the same one when it can be asked, and not before. */
static bool
thaw_same(const struct dispatcher *dispatcher, struct flight *flight,
    unsigned number, int64_t now_ms)
{
	const struct ledger_recipient *r = &flight->ledger->recipients[number];
	struct lane *lane = dispatcher->lanes[r->provider];

	if (!takes_again(flight, number) ||
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

/* Nobody is left who may get it. */
static bool
is_stuck(const struct flight *flight, unsigned number,
    const struct patience_doubt *doubt, enum patience_step step)
{
	return step == PATIENCE_SAME && doubt->policy == DOUBT_PREFER_ONCE &&
	       !takes_again(flight, number);
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
	bool stuck = is_stuck(flight, number, &doubt, next.step);
	/* nothing is to be learnt by waiting on */
	bool spent = doubt.left == 0 && next.step != PATIENCE_ASK;

	if (asked && is_over(dispatcher, flight, number, doubt.until_ms) &&
	    doubt.policy != DOUBT_NEVER_TWICE) {
		end(flight, number);
	} else if (flight->queued && (stuck || next.step == PATIENCE_HOLD)) {
		hold_policy(flight, number, &doubt, thawing);
	} else if (spent) {
		if (flight->queued)
			hold_often(flight, number, thawing);
		else
			leave_often(flight, number);
	} else if (next.step == PATIENCE_SAME) {
		thawing->thawed += thaw_same(dispatcher, flight, number, now);
	} else if (next.step == PATIENCE_ANY) {
		thawing->thawed += thaw_any(dispatcher, flight, number);
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
		evidence_resolve(flight, i, provider, id);
		chronicle_found(flight, dispatcher->names[provider]);
		entry_note(flight, g_strdup_printf("asked %s: it has the mail",
				       dispatcher->names[provider]));
	}
}

void
thaw_flight(
    struct dispatcher *dispatcher, struct flight *flight, int64_t now_ms)
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
