/* SPDX-License-Identifier: MIT */
#include "shun.h"

#include "core/log.h"
#include "dispatch/suppressions.h"

static bool
is_shunned(struct suppressions *list, const struct flight *flight,
    unsigned recipient, enum suppression_why *why)
{
	const struct envelope *envelope = flight->message->submission->envelope;
	const struct ledger_recipient *r =
	    &flight->ledger->recipients[recipient];

	return r->state == RECIPIENT_WAITING &&
	       flight->groups[r->group].way == FLIGHT_STRAIGHT &&
	       suppressions_have(
		   list, envelope_recipient(envelope, recipient)->text, why);
}

static void
settle(struct flight *flight, unsigned recipient, enum suppression_why why)
{
	const struct submission *submission = flight->message->submission;
	struct ledger_recipient *r = &flight->ledger->recipients[recipient];

	r->state = submission->report ? RECIPIENT_DROPPED : RECIPIENT_REFUSED;
	r->class = VERDICT_RECIPIENT;
	r->suppressed = true;
	r->provider = LEDGER_NOBODY;
	r->status = 0;
	g_free(r->text);
	r->text =
	    g_strdup_printf("this address is on the suppression list (%s)",
		suppression_why_text(why));
	log_info("recipient suppressed", FLIGHT_LOG(flight->message),
	    log_str("to",
		envelope_recipient(submission->envelope, recipient)->text),
	    log_str("why", suppression_why_text(why)));
}

/* As long as the list is the same nobody need be looked for again. */
void
shun_listed(struct dispatcher *dispatcher, struct flight *flight)
{
	struct suppressions *list = dispatcher->options.suppressions;
	enum suppression_why why;

	if (list == NULL || suppressions_version(list) == flight->shunned ||
	    flight->hints.unsuppressed)
		return;
	flight->shunned = suppressions_version(list);
	for (unsigned i = 0; i < flight->ledger->count; i++)
		if (is_shunned(list, flight, i, &why))
			settle(flight, i, why);
}
