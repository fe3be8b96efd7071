/* SPDX-License-Identifier: MIT */
/*
 * Entries of the journal: what the store is told of a flight.
 *
 * Nobody is told to be REFUSED before the landing, which carries the bounce
 * too: until then such a recipient waits for the store, so that a crash in
 * between loses no bounce, but costs one more attempt.  Where each recipient
 * has an answer of its own (LMTP) it is the takeover that carries it.
 */
#include "entry.h"

#include "known.h"

static void
clear_note(gpointer note)
{
	g_free(((struct journal_note *)note)->text);
}

void
entry_note(struct flight *flight, char *text)
{
	struct journal_note note = {
		.at_ms = dispatcher_wall(flight->dispatcher), .text = text
	};
	struct flight_record *record = &flight->record;

	if (record->notes == NULL) {
		record->notes =
		    g_array_new(FALSE, FALSE, sizeof(struct journal_note));
		g_array_set_clear_func(record->notes, clear_note);
	}
	g_array_append_val(record->notes, note);
}

/* What was noted and counted since the last entry goes with this one. */
static void
add_since(struct flight *flight, struct journal *journal)
{
	GArray *notes = flight->record.notes;

	journal->counts = flight->ledger->counts;
	flight->ledger->counts = (struct journal_counts){ 0 };
	for (unsigned i = 0; notes != NULL && i < notes->len; i++) {
		struct journal_note *note =
		    &g_array_index(notes, struct journal_note, i);
		journal_add_note(
		    journal, note->at_ms, g_steal_pointer(&note->text));
	}
	g_clear_pointer(&flight->record.notes, g_array_unref);
}

static void
add_tags(GPtrArray *tags, const struct mail_options *options)
{
	for (unsigned i = 0; options != NULL && i < options->tags->len; i++)
		if (!g_ptr_array_find_with_equal_func(
			tags, options->tags->pdata[i], g_str_equal, NULL))
			g_ptr_array_add(tags, options->tags->pdata[i]);
}

/* Those of the mail and of its routes, one a line; NULL: none. */
static char *
join_tags(const struct flight *flight)
{
	g_autoptr(GPtrArray) tags = g_ptr_array_new();

	add_tags(tags, flight->options);
	for (unsigned i = 0; i < flight->group_count; i++)
		add_tags(tags, flight->groups[i].options);
	if (tags->len == 0)
		return NULL;
	g_ptr_array_add(tags, NULL);
	return g_strjoinv("\n", (char **)tags->pdata);
}

static void
post(struct dispatcher *dispatcher, struct flight *flight,
    struct journal *journal)
{
	add_since(flight, journal);
	journal->tags = join_tags(flight);
	dispatcher->options.journal(dispatcher->options.store, journal);
}

static void
add_recipient(struct dispatcher *dispatcher, struct flight *flight,
    struct journal *journal, unsigned number)
{
	struct known_terms terms = dispatcher_terms(dispatcher);
	bool last = journal->kind == JOURNAL_LANDED ||
		    journal->kind == JOURNAL_PASSED ||
		    (journal->kind == JOURNAL_TAKEN && flight->record.told);
	struct recipient is;

	known_tell(flight->ledger, number, &terms, &is);
	if (is.state == RECIPIENT_REFUSED && !last)
		is.state = RECIPIENT_WAITING;
	/* the request is still being made */
	if (is.state == RECIPIENT_OPEN && flight->record.open == NULL) {
		is.state = RECIPIENT_WAITING;
		is.doubts--;
	}
	flight->record.states[number] = is.state;
	journal_add_recipient(journal, number, &is);
	recipient_clear(&is);
}

static void
add_all(struct dispatcher *dispatcher, struct flight *flight,
    struct journal *journal)
{
	GPtrArray *attempts = flight->record.attempts;

	for (unsigned i = 0; i < flight->ledger->count; i++)
		add_recipient(dispatcher, flight, journal, i);
	for (unsigned i = 0; attempts != NULL && i < attempts->len; i++)
		journal_add_attempt(
		    journal, journal_attempt_copy(attempts->pdata[i]));
	if (flight->record.open != NULL)
		journal_add_attempt(
		    journal, journal_attempt_copy(flight->record.open));
}

static void
add_attempted(struct dispatcher *dispatcher, struct flight *flight,
    struct journal *journal)
{
	const struct delivery *delivery = flight->delivery;

	for (unsigned i = 0; i < delivery->count; i++)
		add_recipient(
		    dispatcher, flight, journal, delivery->recipients[i]);
}

void
entry_open(struct dispatcher *dispatcher, struct flight *flight)
{
	if (dispatcher->options.journal == NULL)
		return;
	flight->record.open = journal_attempt_new(flight->delivery,
	    dispatcher->names[flight->provider], dispatcher_wall(dispatcher));
}

void
entry_begin(struct dispatcher *dispatcher, struct flight *flight,
    journal_recorded_fn recorded)
{
	struct journal *journal = journal_new(JOURNAL_BEGUN, flight->message);

	entry_open(dispatcher, flight);
	journal_add_attempt(journal, journal_attempt_copy(flight->record.open));
	add_attempted(dispatcher, flight, journal);
	journal->recorded = recorded;
	journal->object = flight;
	post(dispatcher, flight, journal);
}

static void
keep_attempt(struct flight_record *record, struct journal_attempt *attempt)
{
	if (record->attempts == NULL)
		record->attempts = g_ptr_array_new_with_free_func(
		    (GDestroyNotify)journal_attempt_free);
	g_ptr_array_add(record->attempts, attempt);
}

void
entry_end(struct dispatcher *dispatcher, struct flight *flight,
    const struct verdict *verdict)
{
	struct journal_attempt *attempt = g_steal_pointer(&flight->record.open);
	struct journal *journal;

	if (attempt == NULL)
		return;
	journal_attempt_end(attempt, dispatcher_wall(dispatcher),
	    flight->exchange->sent_bytes, verdict);
	flight->record.last_ms = attempt->ended_ms;
	if (!flight->queued) {
		keep_attempt(&flight->record, attempt);
		return;
	}
	journal = journal_new(JOURNAL_ENDED, flight->message);
	journal_add_attempt(journal, attempt);
	add_attempted(dispatcher, flight, journal);
	post(dispatcher, flight, journal);
}

void
entry_take(struct dispatcher *dispatcher, struct flight *flight,
    journal_recorded_fn recorded, void *object)
{
	struct journal *journal = journal_new(JOURNAL_TAKEN, flight->message);

	add_all(dispatcher, flight, journal);
	journal->recorded = recorded;
	journal->object = object;
	journal->due_ms = dispatcher_wall(dispatcher);
	post(dispatcher, flight, journal);
}

void
entry_pass(struct dispatcher *dispatcher, struct flight *flight)
{
	struct journal *journal;

	if (dispatcher->options.journal == NULL)
		return;
	journal = journal_new(JOURNAL_PASSED, flight->message);
	add_all(dispatcher, flight, journal);
	post(dispatcher, flight, journal);
}

void
entry_land(struct dispatcher *dispatcher, struct flight *flight)
{
	const struct submission *submission = flight->message->submission;
	struct flight_landing *landing = &flight->landing;
	struct journal *journal = journal_new(JOURNAL_LANDED, flight->message);

	for (unsigned i = 0; i < flight->ledger->count; i++)
		if (flight->ledger->recipients[i].state !=
		    flight->record.states[i])
			add_recipient(dispatcher, flight, journal, i);
	journal->rounds = submission->rounds + landing->in_vain;
	journal->due_ms = landing->due_ms;
	journal->wakes = landing->wakes;
	journal->warned = submission->warned || landing->warned;
	journal->hold = landing->hold;
	journal->report = g_steal_pointer(&landing->report);
	post(dispatcher, flight, journal);
}
