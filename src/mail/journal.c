/* SPDX-License-Identifier: MIT */
#include "mail/journal.h"

static void
free_attempt(void *attempt)
{
	journal_attempt_free(attempt);
}

static void
clear_recipient(void *recipient)
{
	recipient_clear(&((struct journal_recipient *)recipient)->is);
}

struct journal *
journal_new(enum journal_kind kind, struct message *message)
{
	struct journal *journal = g_new0(struct journal, 1);

	journal->kind = kind;
	journal->message = message != NULL ? message_ref(message) : NULL;
	journal->attempts = g_ptr_array_new_with_free_func(free_attempt);
	journal->recipients =
	    g_array_new(FALSE, FALSE, sizeof(struct journal_recipient));
	g_array_set_clear_func(journal->recipients, clear_recipient);
	return journal;
}

void
journal_free(struct journal *journal)
{
	if (journal == NULL)
		return;
	g_ptr_array_unref(journal->attempts);
	g_array_unref(journal->recipients);
	if (journal->notes != NULL)
		g_array_unref(journal->notes);
	if (journal->states != NULL)
		g_ptr_array_unref(journal->states);
	g_free(journal->tags);
	submission_free(journal->report);
	if (journal->message != NULL)
		message_unref(journal->message);
	g_free(journal);
}

void
journal_add_recipient(
    struct journal *journal, unsigned number, const struct recipient *is)
{
	struct journal_recipient added = { .number = number };

	recipient_copy(&added.is, is);
	g_array_append_val(journal->recipients, added);
}

void
journal_add_attempt(struct journal *journal, struct journal_attempt *attempt)
{
	g_ptr_array_add(journal->attempts, attempt);
}

static void
clear_note(void *note)
{
	g_free(((struct journal_note *)note)->text);
}

void
journal_add_note(struct journal *journal, int64_t at_ms, char *text)
{
	struct journal_note note = { .at_ms = at_ms, .text = text };

	if (journal->notes == NULL) {
		journal->notes =
		    g_array_new(FALSE, FALSE, sizeof(struct journal_note));
		g_array_set_clear_func(journal->notes, clear_note);
	}
	g_array_append_val(journal->notes, note);
}

void
journal_state_free(void *object)
{
	struct journal_state *state = object;

	g_free(state->provider);
	g_free(state->text);
	g_free(state);
}

void
journal_add_state(
    struct journal *journal, const char *provider, const char *text)
{
	struct journal_state *state = g_new0(struct journal_state, 1);

	state->provider = g_strdup(provider);
	state->text = g_strdup(text);
	if (journal->states == NULL)
		journal->states =
		    g_ptr_array_new_with_free_func(journal_state_free);
	g_ptr_array_add(journal->states, state);
}

struct journal_attempt *
journal_attempt_new(
    const struct delivery *delivery, const char *provider, int64_t begun_ms)
{
	struct journal_attempt *attempt = g_new0(struct journal_attempt, 1);

	attempt->number = delivery->attempt;
	attempt->provider = g_strdup(provider);
	attempt->form = delivery->form;
	attempt->count = delivery->count;
	attempt->recipients = g_memdup2(delivery->recipients,
	    delivery->count * sizeof *delivery->recipients);
	attempt->message_id = g_strdup(delivery->message->message_id);
	attempt->from_domain = delivery_from_domain(delivery);
	if (delivery->guise.redirect != NULL)
		attempt->redirect = g_strdup(delivery->guise.redirect->text);
	attempt->begun_ms = begun_ms;
	return attempt;
}

struct journal_attempt *
journal_attempt_copy(const struct journal_attempt *attempt)
{
	struct journal_attempt *copy = g_memdup2(attempt, sizeof *attempt);

	copy->provider = g_strdup(attempt->provider);
	copy->recipients = g_memdup2(
	    attempt->recipients, attempt->count * sizeof *attempt->recipients);
	copy->message_id = g_strdup(attempt->message_id);
	copy->from_domain = g_strdup(attempt->from_domain);
	copy->redirect = g_strdup(attempt->redirect);
	copy->text = g_strdup(attempt->text);
	return copy;
}

void
journal_attempt_free(struct journal_attempt *attempt)
{
	if (attempt == NULL)
		return;
	g_free(attempt->provider);
	g_free(attempt->recipients);
	g_free(attempt->message_id);
	g_free(attempt->from_domain);
	g_free(attempt->redirect);
	g_free(attempt->text);
	g_free(attempt);
}

void
journal_attempt_end(struct journal_attempt *attempt, int64_t ended_ms,
    uint64_t sent_bytes, const struct verdict *verdict)
{
	attempt->ended_ms = ended_ms;
	attempt->sent_bytes = sent_bytes;
	attempt->class = verdict->class;
	attempt->status = verdict->status;
	g_free(attempt->text);
	attempt->text = g_strdup(verdict->text);
}
