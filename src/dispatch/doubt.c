/* SPDX-License-Identifier: MIT */
#include "doubt.h"

#include "chronicle.h"
#include "closing.h"
#include "core/clock.h"
#include "lifetime.h"

#define TOO_OFTEN "too many attempts ended in doubt"

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

static void
hold(struct ledger_recipient *recipient)
{
	recipient->state = RECIPIENT_HELD;
	recipient->doubt_ms = 0;
	g_free(recipient->text);
	recipient->text = g_strdup_printf(
	    "%u attempts ended in doubt: it may have been delivered; release "
	    "sends it once more",
	    recipient->doubts);
}

void
doubt_review(
    struct dispatcher *dispatcher, struct flight *flight, int64_t now_ms)
{
	unsigned held = 0;

	for (unsigned i = 0; i < flight->ledger->count; i++) {
		struct ledger_recipient *r = &flight->ledger->recipients[i];
		if (r->state != RECIPIENT_DOUBT || r->doubt_ms > now_ms)
			continue;
		if (lifetime_is_over(dispatcher, flight, r->group)) {
			r->state = RECIPIENT_WAITING;
			r->doubt_ms = 0;
			r->tried = UINT32_MAX;
		} else if (r->doubts >= dispatcher->doubt_attempts) {
			hold(r);
			held++;
		}
	}
	if (held == 0)
		return;
	flight->landing.hold = TOO_OFTEN;
	closing_hold(flight, held);
}

void
doubt_thaw(struct dispatcher *dispatcher, struct flight *flight, int64_t now_ms)
{
	if (ledger_count(flight->ledger, RECIPIENT_DOUBT) == 0)
		return;
	if (flight->queued)
		doubt_review(dispatcher, flight, now_ms);
	else
		memory_review(dispatcher->memory, flight->message,
		    flight->ledger, now_ms);
	unsigned thawed = ledger_thaw(flight->ledger, now_ms);
	if (thawed > 0)
		chronicle_doubt(flight, thawed);
}

bool
doubt_ask(struct dispatcher *dispatcher, struct flight *flight, int64_t now_ms)
{
	(void)dispatcher;
	(void)flight;
	(void)now_ms;
	return false;
}

int64_t
doubt_next(const struct flight *flight)
{
	return ledger_doubt_until(flight->ledger);
}

void
doubt_delay(struct flight *flight, int64_t pause_ms)
{
	int64_t now = clock_monotonic_ms(), until = now + pause_ms;

	for (unsigned i = 0; i < flight->ledger->count; i++) {
		struct ledger_recipient *r = &flight->ledger->recipients[i];
		bool stays = r->doubt_ms > now &&
			     (count_new(flight, i) == 0 ||
				 ledger_has_turn(flight->ledger, i));
		if (r->state != RECIPIENT_DOUBT || r->doubt_ms >= until ||
		    stays)
			continue;
		r->doubt_ms = until;
		/* as the store was told it is not true any more */
		flight->record.states[i] = RECIPIENT_OPEN;
	}
}
