/* SPDX-License-Identifier: MIT */
#include "hearing.h"

#include "chronicle.h"
#include "core/log.h"
#include "entry.h"
#include "evidence.h"
#include <string.h>

/* What was heard of the recipient's doubt; false: nothing. */
static bool
find_word(
    const struct flight *flight, unsigned number, struct hearsay_word *word)
{
	const struct dispatcher *dispatcher = flight->dispatcher;
	const struct ledger_recipient *r = &flight->ledger->recipients[number];
	struct inquiry *inquiry;
	bool found;

	if (r->state != RECIPIENT_DOUBT || r->provider == LEDGER_NOBODY)
		return false;
	inquiry = evidence_inquire(flight, &number, 1);
	found = hearsay_find(dispatcher->hearsay,
	    dispatcher->names[r->provider], inquiry, 0, word);
	inquiry_free(inquiry);
	return found;
}

static void
settle(struct flight *flight, unsigned number, const struct hearsay_word *word)
{
	unsigned provider = flight->ledger->recipients[number].provider;
	const char *name = flight->dispatcher->names[provider];
	const struct envelope *envelope = flight->message->submission->envelope;

	/* as the store was told it is not true any more */
	flight->record.states[number] = RECIPIENT_OPEN;
	evidence_resolve(flight, number, provider, word->provider_id);
	entry_note(flight,
	    g_strdup_printf("heard from %s that it has the mail for %s: %s",
		name, envelope_recipient(envelope, number)->text,
		event_kind_text(word->kind)));
	chronicle_found(flight, name);
	log_info("doubt resolved", FLIGHT_LOG(flight->message),
	    log_str("provider", name), log_num("recipients", 1),
	    log_num("found", 1), log_str("text", event_kind_text(word->kind)));
}

void
hearing_apply(struct dispatcher *dispatcher, struct flight *flight)
{
	struct hearsay_word word;

	if (hearsay_count(dispatcher->hearsay) == 0)
		return;
	for (unsigned i = 0; i < flight->ledger->count; i++)
		if (find_word(flight, i, &word))
			settle(flight, i, &word);
}

static bool
is_concerned(const struct flight *flight)
{
	struct hearsay_word word;

	for (unsigned i = 0; i < flight->ledger->count; i++)
		if (find_word(flight, i, &word))
			return true;
	return false;
}

/* Whoever does not wait for a doubt hears of it at its next step. */
static void
rouse_all(struct dispatcher *dispatcher)
{
	GList *link = dispatcher->flights.head;

	while (link != NULL) {
		struct flight *flight = link->data;
		link = link->next;
		if ((flight->state == FLIGHT_FROZEN ||
			flight->state == FLIGHT_ASKING ||
			flight->state == FLIGHT_WEIGHING) &&
		    is_concerned(flight))
			round_rouse(dispatcher, flight);
	}
}

/* By that provider it was sent, or is just now. */
static bool
was_asked(const struct flight *flight, const char *provider)
{
	const char *const *names = flight->dispatcher->names;

	if (flight->exchange != NULL &&
	    strcmp(names[flight->provider], provider) == 0)
		return true;
	for (unsigned i = 0; i < flight->ledger->count; i++) {
		unsigned by = flight->ledger->recipients[i].provider;

		if (by != LEDGER_NOBODY && strcmp(names[by], provider) == 0)
			return true;
	}
	return false;
}

/* The provider's id of a mail is known to nobody before its answer is here:
 * whose event is quicker is named by ours. */
static void
name_mail(const struct dispatcher *dispatcher, struct event *event)
{
	for (const GList *link = dispatcher->flights.head;
	     link != NULL && event->mail_id == NULL; link = link->next) {
		const struct flight *flight = link->data;

		if (strcmp(flight->message->message_id, event->message_id) ==
			0 &&
		    was_asked(flight, event->provider))
			event->mail_id =
			    g_strdup(flight->message->submission->id);
	}
}

static void
name_mails(const struct dispatcher *dispatcher, const struct event_batch *batch)
{
	for (unsigned i = 0; i < batch->events->len; i++) {
		struct event *event = batch->events->pdata[i];

		if (event->message_id != NULL)
			name_mail(dispatcher, event);
	}
}

static void
forward(const struct dispatcher *dispatcher, struct event_batch *batch)
{
	const struct dispatcher_options *options = &dispatcher->options;

	if (options->hear != NULL && batch->events->len > 0) {
		options->hear(options->store, batch);
		return;
	}
	if (batch->recorded != NULL)
		batch->recorded(batch->object, true);
	event_batch_free(batch);
}

void
hearing_take(struct dispatcher *dispatcher, struct event_batch *batch)
{
	const GPtrArray *elders = dispatcher->elders;
	int64_t now = dispatcher_now(dispatcher);

	for (unsigned i = 0; i < batch->events->len; i++)
		hearsay_keep(dispatcher->hearsay, batch->events->pdata[i], now);
	for (unsigned i = 0; elders != NULL && i < elders->len; i++) {
		name_mails(elders->pdata[i], batch);
		rouse_all(elders->pdata[i]);
	}
	name_mails(dispatcher, batch);
	rouse_all(dispatcher);
	forward(dispatcher, batch);
}
