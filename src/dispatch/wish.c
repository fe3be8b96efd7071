/* SPDX-License-Identifier: MIT */
#include "wish.h"

/* UNSAID for whom nobody wishes. */
static unsigned
find_notify(const struct flight *flight, unsigned number)
{
	const struct submission *submission = flight->message->submission;

	if (submission->report || submission->envelope->sender == NULL)
		return ENVELOPE_NOTIFY_UNSAID;
	return envelope_wish_of(submission->envelope, number)->notify;
}

static bool
may_tell(
    const struct flight *flight, unsigned number, enum envelope_notify event)
{
	unsigned notify = find_notify(flight, number);

	return notify == ENVELOPE_NOTIFY_UNSAID ||
	       (notify & (unsigned)event) != 0;
}

static bool
is_newly_refused(const struct flight *flight, unsigned number)
{
	return flight->ledger->recipients[number].state == RECIPIENT_REFUSED &&
	       flight->record.states[number] != RECIPIENT_REFUSED;
}

bool
wish_failure(const struct flight *flight, unsigned number)
{
	return is_newly_refused(flight, number) &&
	       may_tell(flight, number, ENVELOPE_NOTIFY_FAILURE);
}

bool
wish_silence(const struct flight *flight, unsigned number)
{
	return is_newly_refused(flight, number) &&
	       !may_tell(flight, number, ENVELOPE_NOTIFY_FAILURE);
}

bool
wish_delay(const struct flight *flight, unsigned number)
{
	return flight->ledger->recipients[number].state == RECIPIENT_WAITING &&
	       may_tell(flight, number, ENVELOPE_NOTIFY_DELAY);
}

bool
wish_success(const struct flight *flight, unsigned number)
{
	const struct ledger_recipient *r = &flight->ledger->recipients[number];

	return r->state == RECIPIENT_ACCEPTED && !r->told &&
	       (find_notify(flight, number) &
		   (unsigned)ENVELOPE_NOTIFY_SUCCESS) != 0;
}

unsigned
wish_count(const struct flight *flight, wish_fn wish)
{
	unsigned count = 0;

	for (unsigned i = 0; i < flight->ledger->count; i++)
		count += wish(flight, i);
	return count;
}

void
wish_fulfil(struct flight *flight)
{
	for (unsigned i = 0; i < flight->ledger->count; i++) {
		if (!wish_success(flight, i))
			continue;
		flight->ledger->recipients[i].told = true;
		/* as the store was told it is not true any more */
		flight->record.states[i] = RECIPIENT_OPEN;
	}
}
