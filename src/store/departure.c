/* SPDX-License-Identifier: MIT */
#include "departure.h"

#include "answer.h"
#include "core/clock.h"
#include "headline.h"
#include "space.h"

/* Mails that are read in one turn. */
#define MOVES 100

struct removal {
	char *id;
	bool in_file;
	bool written; /* in this transaction */
};

void
departure_open(struct store *store)
{
	struct departures *departures = &store->departures;

	g_queue_init(&departures->finished);
	g_queue_init(&departures->removals);
	departures->leaving =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	departures->aborted =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

static void
free_removal(void *object)
{
	struct removal *removal = object;

	g_free(removal->id);
	g_free(removal);
}

void
departure_free(struct store *store)
{
	struct departures *departures = &store->departures;

	g_queue_clear_full(&departures->finished, g_free);
	g_queue_clear_full(&departures->removals, free_removal);
	g_hash_table_unref(departures->leaving);
	g_hash_table_unref(departures->aborted);
}

void
departure_add(struct store *store, const char *id)
{
	struct departures *departures = &store->departures;

	if (g_hash_table_add(departures->leaving, g_strdup(id)))
		g_queue_push_tail(&departures->finished, g_strdup(id));
}

bool
departure_renew(struct store *store, const char *id)
{
	struct departures *departures = &store->departures;

	if (!g_hash_table_contains(departures->leaving, id))
		return false;
	g_queue_push_tail(&departures->finished, g_strdup(id));
	return true;
}

static void
add_removal(struct store *store, const char *id)
{
	struct removal *removal = g_new0(struct removal, 1);

	removal->id = g_strdup(id);
	g_queue_push_tail(&store->departures.removals, removal);
}

void
departure_abort(struct store *store, const char *id)
{
	g_hash_table_add(store->departures.aborted, g_strdup(id));
	if (g_hash_table_add(store->departures.leaving, g_strdup(id)))
		add_removal(store, id);
}

bool
departure_is_aborted(const struct store *store, const char *id)
{
	return g_hash_table_contains(store->departures.aborted, id);
}

static void
tell_recipients(struct store_mail *mail, const struct journal *journal)
{
	const struct envelope *envelope =
	    journal->message->submission->envelope;

	for (unsigned i = 0; i < envelope->recipients->len; i++) {
		const struct envelope_wish *wish =
		    envelope_wish_of(envelope, i);
		struct store_recipient *to = store_mail_add_recipient(
		    mail, envelope_recipient(envelope, i)->text);

		to->wish.notify = wish->notify;
		to->wish.original = g_strdup(wish->original);
	}
	for (unsigned i = 0; i < journal->recipients->len; i++) {
		const struct journal_recipient *one = &g_array_index(
		    journal->recipients, struct journal_recipient, i);
		struct store_recipient *to;

		g_assert(one->number < mail->recipients->len);
		to = mail->recipients->pdata[one->number];
		recipient_clear(&to->is);
		recipient_copy(&to->is, &one->is);
	}
}

static void
tell_headline(struct store_mail *mail, const struct journal *journal)
{
	struct headline headline;

	if (!headline_read(&headline, journal))
		return;
	mail->subject = g_steal_pointer(&headline.subject);
	mail->from = g_steal_pointer(&headline.from);
	if (headline.tags != NULL)
		mail->tags = g_strsplit(headline.tags, "\n", -1);
	headline_clear(&headline);
}

static void
tell_notes(struct store_mail *mail, const struct journal *journal)
{
	for (unsigned i = 0; journal->notes != NULL && i < journal->notes->len;
	     i++) {
		const struct journal_note *note =
		    &g_array_index(journal->notes, struct journal_note, i);
		struct store_act act = {
			.at_ms = note->at_ms,
			.what = note->text,
			.who = (char *)STORE_NOTED,
		};

		store_mail_add_act(mail, &act);
	}
}

void
departure_pass(struct store *store, const struct journal *journal)
{
	const struct submission *from = journal->message->submission;
	const struct address *sender = from->envelope->sender;
	struct store_mail *mail;

	if (store->records == NULL)
		return;
	mail = store_mail_new();
	g_strlcpy(mail->id, from->id, sizeof(mail->id));
	mail->place = STORE_FINISHED;
	mail->received_ms = from->received_ms;
	mail->finished_ms = clock_wall_ms();
	mail->listener = g_strdup(from->listener);
	mail->peer = g_strdup(from->peer);
	mail->helo = g_strdup(from->helo);
	mail->protocol = g_strdup(from->protocol);
	mail->user = g_strdup(from->user);
	mail->envid = g_strdup(from->envelope->id);
	mail->returned = from->envelope->returned;
	mail->sender = g_strdup(sender == NULL ? "" : sender->text);
	mail->size_bytes = spool_size(from->spool);
	mail->report = from->report;
	mail->rounds = journal->rounds;
	tell_headline(mail, journal);
	tell_recipients(mail, journal);
	for (unsigned i = 0; i < journal->attempts->len; i++)
		g_ptr_array_add(mail->attempts,
		    journal_attempt_copy(journal->attempts->pdata[i]));
	tell_notes(mail, journal);
	records_pass_post(store->records, mail);
}

/* False when the queue cannot be read any more. */
static bool
move_one(struct store *store, const char *id)
{
	struct store_ask ask = { .question = STORE_MAIL, .id = id };
	enum engine_result result = store->engine->ask(store->rows, &ask);

	if (result == ENGINE_BAD) {
		space_bad(store, store->engine->error(store->rows));
	} else if (ask.mails != NULL && ask.mails->len > 0) {
		struct store_mail *mail = g_ptr_array_steal_index(ask.mails, 0);

		mail->place = STORE_FINISHED;
		if (mail->finished_ms == 0)
			mail->finished_ms = clock_wall_ms();
		records_keep_post(store->records, mail);
	} else {
		g_hash_table_remove(store->departures.leaving, id);
	}
	store_ask_clear(&ask);
	return result != ENGINE_BAD;
}

bool
departure_move(struct store *store)
{
	GQueue *finished = &store->departures.finished;

	if (store->records == NULL || store->space.state == DISK_BAD)
		return false;
	for (unsigned i = 0; i < MOVES && finished->length > 0; i++) {
		g_autofree char *id = g_queue_pop_head(finished);

		if (!move_one(store, id))
			return false;
	}
	return finished->length > 0;
}

struct moved {
	struct letter letter;
	GPtrArray *ids;
};

static void
on_moved(void *owner, struct letter *letter)
{
	struct store *store = owner;
	struct moved *moved = LETTER_OF(letter, struct moved, letter);

	/* those that only passed have no rows */
	for (unsigned i = 0; i < moved->ids->len; i++)
		if (g_hash_table_contains(
			store->departures.leaving, moved->ids->pdata[i]))
			add_removal(store, moved->ids->pdata[i]);
	g_ptr_array_unref(moved->ids);
	g_free(moved);
}

void
departure_moved(void *object, GPtrArray *ids)
{
	struct store *store = object;
	struct moved *moved = g_new0(struct moved, 1);

	moved->ids = ids;
	loop_post(store->loop, &moved->letter, on_moved);
}

bool
departure_waits(const struct store *store)
{
	return store->departures.removals.length > 0;
}

enum engine_result
departure_write(struct store *store)
{
	enum engine_result result = ENGINE_OK;

	for (GList *at = store->departures.removals.head;
	     at != NULL && result == ENGINE_OK; at = at->next) {
		struct removal *removal = at->data;

		result = store->engine->remove(
		    store->rows, removal->id, &removal->in_file);
		removal->written = true;
		/* the engine let go of it before */
		if (result == ENGINE_ABSENT)
			result = ENGINE_OK;
	}
	return result;
}

/* Another step may have added some meanwhile. */
void
departure_settle(struct store *store, enum engine_result result)
{
	struct departures *departures = &store->departures;
	GQueue settled = departures->removals;
	struct removal *removal;

	g_queue_init(&departures->removals);
	while ((removal = g_queue_pop_head(&settled)) != NULL) {
		if (!removal->written || result != ENGINE_OK) {
			removal->written = false;
			g_queue_push_tail(&departures->removals, removal);
			continue;
		}
		if (removal->in_file)
			body_remove(store->bodies, removal->id);
		g_hash_table_remove(departures->leaving, removal->id);
		g_hash_table_remove(departures->aborted, removal->id);
		free_removal(removal);
	}
}
