/* SPDX-License-Identifier: MIT */
#include "twin.h"

#include "doubt.h"
#include <string.h>

static const char *
find_id(const struct flight *flight)
{
	return flight->message->submission->id;
}

/* The recipient of that number is in a doubt which that sending left. */
static bool
is_of(const struct flight *flight, unsigned number, const char *id)
{
	const struct ledger_recipient *r = &flight->ledger->recipients[number];

	return r->state == RECIPIENT_DOUBT && strcmp(r->doubt.mail, id) == 0;
}

static bool
is_any_of(const struct flight *flight, const struct message *message)
{
	for (unsigned i = 0; i < flight->ledger->count; i++)
		if (is_of(flight, i, message->submission->id))
			return true;
	return false;
}

/* The one at the helm first, then those that it took over from: a sending may
 * be under way in one, and its resend in another.  NULL: no more. */
static const struct dispatcher *
find_each(const struct dispatcher *dispatcher, unsigned number)
{
	const GPtrArray *elders = dispatcher->elders;

	if (number == 0)
		return dispatcher->heir != NULL ? dispatcher->heir : dispatcher;
	return elders != NULL && number <= elders->len
		   ? elders->pdata[number - 1]
		   : NULL;
}

static struct flight *
find_sending(const struct dispatcher *dispatcher, const char *id)
{
	const struct dispatcher *each;

	for (unsigned i = 0; (each = find_each(dispatcher, i)) != NULL; i++)
		for (GList *link = each->flights.head; link != NULL;
		     link = link->next)
			if (strcmp(find_id(link->data), id) == 0)
				return link->data;
	return NULL;
}

bool
twin_waits(const struct dispatcher *dispatcher, struct flight *flight)
{
	struct flight *first = NULL;
	const char *mail = "";
	bool waits = false;

	for (unsigned i = 0; i < flight->ledger->count; i++) {
		const struct ledger_recipient *r =
		    &flight->ledger->recipients[i];
		if (r->state != RECIPIENT_DOUBT)
			continue;
		/* most often all are of the same one */
		if (strcmp(r->doubt.mail, mail) != 0) {
			mail = r->doubt.mail;
			first = find_sending(dispatcher, mail);
		}
		if (first == NULL || first == flight)
			continue;
		first->awaited = true;
		waits = true;
	}
	return waits;
}

/* It goes on by its timer: it may be gone after its next step. */
static void
move_on(struct flight *flight)
{
	if (flight->state == FLIGHT_ASKING) {
		doubt_drop(flight);
		flight->state = FLIGHT_FROZEN;
	}
	if (flight->state == FLIGHT_FROZEN || flight->state == FLIGHT_WEIGHING)
		loop_timer_set(flight->timer, 0);
}

/* The recipient's number in the other flight, most often the same; UINT_MAX:
 * it is not one of its. */
static unsigned
find_recipient(
    const struct flight *flight, unsigned number, const struct flight *other)
{
	const struct envelope *theirs = other->message->submission->envelope;
	const char *address =
	    envelope_recipient(flight->message->submission->envelope, number)
		->text;
	unsigned count = other->ledger->count;

	for (unsigned i = 0; i < count; i++) {
		unsigned at = (number + i) % count;
		if (strcmp(envelope_recipient(theirs, at)->text, address) == 0)
			return at;
	}
	return UINT_MAX;
}

static void
recall(struct flight *flight, unsigned number,
    const struct ledger_recipient *is, const struct flight *first)
{
	char *mail = flight->ledger->recipients[number].doubt.mail;
	struct ledger_recipient known = *is; /* borrows its text */

	if (first->dispatcher != flight->dispatcher)
		memory_turn(first->dispatcher->memory,
		    flight->dispatcher->memory, &known);
	ledger_recall(flight->ledger, number, &known);
	if (*mail == '\0')
		g_strlcpy(mail, find_id(first), ID_LENGTH + 1);
}

/* heir: who takes the place of the first sending for that recipient; NULL:
 * nobody does yet.  What the queue has not settled it keeps. */
static void
tell_one(struct flight *flight, unsigned number, const struct flight *first,
    unsigned theirs, struct flight **heir)
{
	const struct ledger_recipient *is = &first->ledger->recipients[theirs];
	struct ledger_doubt *doubt;

	if (first->queued && !recipient_is_final(is->state))
		return;
	if (is->state != RECIPIENT_WAITING || *heir == NULL) {
		recall(flight, number, is, first);
		if (is->state == RECIPIENT_WAITING)
			*heir = flight;
		return;
	}
	doubt = &flight->ledger->recipients[number].doubt;
	g_strlcpy(doubt->mail, find_id(*heir), ID_LENGTH + 1);
	doubt->until_ms =
	    MAX(doubt->until_ms, flight->message->submission->deadline_ms);
	(*heir)->awaited = true;
}

/* True when it waited for that one. */
static bool
tell(struct flight *flight, const struct flight *first, struct flight **heirs)
{
	bool waited = false;

	for (unsigned i = 0; i < flight->ledger->count; i++) {
		unsigned theirs;
		if (!is_of(flight, i, find_id(first)))
			continue;
		waited = true;
		theirs = find_recipient(flight, i, first);
		if (theirs != UINT_MAX)
			tell_one(flight, i, first, theirs, &heirs[theirs]);
	}
	return waited;
}

void
twin_tell(struct dispatcher *dispatcher, const struct flight *first)
{
	g_autofree struct flight **heirs = NULL;
	const struct dispatcher *each;

	/* of one that is not on disk yet twin_own() tells */
	if (!first->awaited || (first->taken && !first->kept))
		return;
	heirs = g_new0(struct flight *, first->ledger->count);
	for (unsigned i = 0; (each = find_each(dispatcher, i)) != NULL; i++)
		for (GList *link = each->flights.head; link != NULL;
		     link = link->next) {
			struct flight *flight = link->data;
			if (flight != first && !flight->queued &&
			    tell(flight, first, heirs))
				move_on(flight);
		}
}

/* Those of one dispatcher hear that the queue has the mail, or has not. */
static void
tell_owned(const struct dispatcher *dispatcher, const struct message *message,
    bool recorded)
{
	int64_t now = dispatcher_now(dispatcher);

	for (GList *link = dispatcher->flights.head; link != NULL;
	     link = link->next) {
		struct flight *flight = link->data;
		flight->kept |= recorded && flight->message == message;
		if (flight->queued || !is_any_of(flight, message))
			continue;
		memory_review(
		    dispatcher->memory, flight->message, flight->ledger, now);
		move_on(flight);
	}
}

void
twin_own(
    struct dispatcher *dispatcher, const struct message *message, bool recorded)
{
	const struct dispatcher *each;

	if (recorded)
		memory_own(
		    dispatcher->memory, message, dispatcher_now(dispatcher));
	for (unsigned i = 0; (each = find_each(dispatcher, i)) != NULL; i++)
		tell_owned(each, message, recorded);
}
