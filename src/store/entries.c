/* SPDX-License-Identifier: MIT */
#include "entries.h"

#include "core/clock.h"
#include "core/log.h"
#include "departure.h"
#include "due.h"
#include "hearing.h"
#include "space.h"
#include <string.h>

struct entry {
	struct journal *journal;
	struct store *store;
	struct body body;
	bool in_file;
	bool keeping;          /* its file is being made: not written before */
	bool written;          /* in this transaction */
	bool absent, finished; /* what the engine said */
	bool offered;          /* the report: it is in the window */
	int wrong;             /* the file: why there is none */
};

static const char *const kinds[] = {
	[JOURNAL_BEGUN] = "begun",
	[JOURNAL_ENDED] = "ended",
	[JOURNAL_LANDED] = "landed",
	[JOURNAL_TAKEN] = "taken",
	[JOURNAL_PASSED] = "passed",
	[JOURNAL_NOTED] = "noted",
};

/* Of the mail it is about; "" of none. */
static const char *
id_of(const struct entry *entry)
{
	const struct message *message = entry->journal->message;

	return message == NULL ? "" : message->submission->id;
}

/* The mail whose bytes the entry brings into the queue; NULL: none. */
static const struct submission *
find_mail(const struct journal *journal)
{
	return journal->kind == JOURNAL_TAKEN ? journal->message->submission
					      : journal->report;
}

/* Ends it: whoever asked is told. */
static void
tell(struct entry *entry, bool recorded)
{
	struct journal *journal = entry->journal;

	if (journal->recorded != NULL)
		journal->recorded(journal->object, recorded);
	journal_free(journal);
	g_free(entry);
}

static void
drop(struct entry *entry, const char *why)
{
	const struct omission omission = {
		.mail = id_of(entry),
		.what = kinds[entry->journal->kind],
		.why = why,
	};

	omission_note(
	    &entry->store->omissions, &omission, clock_monotonic_ms());
	tell(entry, false);
}

/* Of an entry that will not be written; when the disk went bad nothing is
 * touched any more. */
static void
refuse(struct store *store, struct entry *entry, const char *why)
{
	if (entry->in_file && store->space.state != DISK_BAD)
		body_remove(store->bodies, find_mail(entry->journal)->id);
	drop(entry, why);
}

/* A mail that is still its client's can be left to it; what was to bring a
 * report is tried again. */
static void
on_kept(void *object, int wrong)
{
	struct entry *entry = object;
	struct store *store = entry->store;

	entry->keeping = false;
	entry->wrong = wrong;
	store->space.retry = true;
	if (wrong == 0)
		return;
	if (body_fault(wrong) == BODY_FULL)
		space_full(store, "a large mail did not fit");
	if (body_fault(wrong) == BODY_FATAL)
		space_bad(store, g_strerror(wrong));
	if (store->space.state == DISK_BAD ||
	    entry->journal->kind != JOURNAL_TAKEN)
		return;
	g_queue_remove(&store->entries, entry);
	refuse(store, entry, g_strerror(wrong));
}

static void
keep_body(struct store *store, struct entry *entry)
{
	const struct submission *mail = find_mail(entry->journal);

	entry->keeping = true;
	entry->in_file = true;
	entry->body.id = mail->id;
	entry->body.spool = mail->spool;
	entry->body.kept = on_kept;
	entry->body.object = entry;
	body_keep(store->bodies, &entry->body);
}

static bool
counts(const struct journal *journal)
{
	static const struct journal_counts none;

	return memcmp(&journal->counts, &none, sizeof none) != 0;
}

static void
on_entry(void *owner, struct letter *letter)
{
	struct store *store = owner;
	struct journal *journal = LETTER_OF(letter, struct journal, letter);
	struct entry *entry = g_new0(struct entry, 1);
	const struct submission *mail = find_mail(journal);

	entry->store = store;
	entry->journal = journal;
	if (store->space.state == DISK_BAD) {
		tell(entry, false);
		return;
	}
	if (journal->kind == JOURNAL_PASSED) {
		departure_pass(store, journal);
		if (!counts(journal)) {
			tell(entry, true);
			return;
		}
	}
	g_queue_push_tail(&store->entries, entry);
	store->space.retry = true;
	if (mail != NULL && store_keeps_file(store, mail->spool))
		keep_body(store, entry);
}

void
entries_post(struct store *store, struct journal *journal)
{
	/* no answer waits for it, and nothing is synced for it */
	if (journal->kind == JOURNAL_PASSED)
		loop_post_later(store->loop, &journal->letter, on_entry);
	else
		loop_post(store->loop, &journal->letter, on_entry);
}

static enum engine_result
write_report(struct store *store, struct entry *entry)
{
	const struct submission *report = entry->journal->report;

	entry->offered = due_offer(store, report);
	return store->engine->accept(
	    store->rows, report, entry->offered, entry->in_file);
}

static enum engine_result
write_one(struct store *store, struct entry *entry)
{
	const struct journal *journal = entry->journal;
	enum engine_result result = store->engine->enter(store->rows, journal,
	    journal->kind == JOURNAL_TAKEN && entry->in_file, &entry->finished);

	entry->absent = result == ENGINE_ABSENT;
	/* a mail that is not ours owes nobody a report */
	if (entry->absent)
		result = ENGINE_OK;
	else if (result == ENGINE_OK && journal->report != NULL)
		result = write_report(store, entry);
	entry->written = true;
	return result;
}

typedef bool (*may_write_fn)(const struct entry *entry);

static bool
is_ready(const struct entry *entry)
{
	return !entry->keeping && entry->wrong == 0;
}

static bool
begins(enum journal_kind kind)
{
	return kind == JOURNAL_BEGUN || kind == JOURNAL_TAKEN;
}

static bool
is_result(const struct entry *entry)
{
	return is_ready(entry) && !begins(entry->journal->kind);
}

static bool
is_taken(const struct entry *entry)
{
	return is_ready(entry) && entry->journal->kind == JOURNAL_TAKEN;
}

/* Those that may be, in order; one that may not holds back the later ones of
 * its mail. */
static enum engine_result
write_those(struct store *store, may_write_fn may_write)
{
	g_autoptr(GHashTable) held = g_hash_table_new(g_str_hash, g_str_equal);
	enum engine_result result = ENGINE_OK;

	for (GList *at = store->entries.head; at != NULL && result == ENGINE_OK;
	     at = at->next) {
		struct entry *entry = at->data;

		if (may_write(entry) &&
		    !g_hash_table_contains(held, id_of(entry)))
			result = write_one(store, entry);
		else
			g_hash_table_add(held, (gpointer)id_of(entry));
	}
	return result;
}

static bool
have(const struct store *store, may_write_fn may_write)
{
	for (const GList *at = store->entries.head; at != NULL; at = at->next)
		if (may_write(at->data))
			return true;
	return false;
}

bool
entries_wait(const struct store *store)
{
	return have(store, is_ready);
}

enum engine_result
entries_write(struct store *store)
{
	return write_those(store, is_ready);
}

bool
entries_wait_results(const struct store *store)
{
	return have(store, is_result);
}

enum engine_result
entries_write_results(struct store *store)
{
	return write_those(store, is_result);
}

bool
entries_wait_taken(const struct store *store)
{
	return have(store, is_taken);
}

enum engine_result
entries_write_taken(struct store *store)
{
	return write_those(store, is_taken);
}

static void
follow_landing(struct store *store, struct entry *entry)
{
	struct journal *journal = entry->journal;

	window_leave(store->window, id_of(entry));
	due_left(store);
	if (hearing_landed(store, id_of(entry)))
		due_expect(store, 0);
	else if (!entry->finished && journal->due_ms > 0)
		due_expect(store, journal->due_ms);
}

static void
follow_report(struct store *store, struct entry *entry)
{
	struct journal *journal = entry->journal;
	const char *about =
	    journal->message == NULL ? journal->owed_id : id_of(entry);

	log_info("report queued", log_str("mail", journal->report->id),
	    log_str("about", about));
	due_pass(store, g_steal_pointer(&journal->report), entry->offered);
}

/* It is on disk. */
static void
follow(struct store *store, struct entry *entry)
{
	const struct submission *mail = find_mail(entry->journal);
	enum journal_kind kind = entry->journal->kind;

	if (entry->in_file && entry->absent)
		body_remove(store->bodies, mail->id);
	else if (entry->in_file)
		body_done(store->bodies, mail->id);
	if (kind == JOURNAL_TAKEN)
		window_enter(store->window, mail->id, WINDOW_FRESH,
		    spool_size(mail->spool));
	if (kind == JOURNAL_LANDED)
		follow_landing(store, entry);
	if (entry->journal->report != NULL && !entry->absent)
		follow_report(store, entry);
	if (entry->finished) {
		window_leave(store->window, id_of(entry));
		due_left(store);
		departure_add(store, id_of(entry));
	}
	/* one that finished before may have left before it landed; of a report
	 * that was asked for twice the second is too many */
	if (entry->absent && kind != JOURNAL_LANDED && kind != JOURNAL_NOTED)
		drop(entry, "there is no such mail in the queue");
	else
		tell(entry, true);
}

/* It was rolled back, and waits as before. */
static void
undo(struct store *store, struct entry *entry)
{
	if (entry->offered)
		window_leave(store->window, entry->journal->report->id);
	entry->written = entry->offered = entry->finished = false;
	entry->absent = false;
}

static void
settle_one(struct store *store, struct entry *entry, enum engine_result result)
{
	if (entry->written && result == ENGINE_OK) {
		follow(store, entry);
		return;
	}
	undo(store, entry);
	/* what a thread has in hand comes back first */
	if (store->space.state == DISK_BAD && !entry->keeping)
		refuse(store, entry, "the queue cannot be written");
	else
		g_queue_push_tail(&store->entries, entry);
}

void
entries_settle(struct store *store, enum engine_result result)
{
	GQueue settled = store->entries;
	struct entry *entry;

	g_queue_init(&store->entries);
	while ((entry = g_queue_pop_head(&settled)) != NULL)
		settle_one(store, entry, result);
}

void
entries_settle_taken(struct store *store, enum engine_result result)
{
	GQueue kept = G_QUEUE_INIT;
	struct entry *entry;

	entries_settle(store, result);
	if (result != ENGINE_FULL)
		return;
	while ((entry = g_queue_pop_head(&store->entries)) != NULL)
		if (is_taken(entry))
			refuse(store, entry, "the disk is full");
		else
			g_queue_push_tail(&kept, entry);
	store->entries = kept;
}

void
entries_give_up(struct store *store)
{
	GQueue kept = G_QUEUE_INIT;
	struct entry *entry;

	while ((entry = g_queue_pop_head(&store->entries)) != NULL)
		if (is_ready(entry) && begins(entry->journal->kind))
			refuse(store, entry,
			    "the disk is full and postferry is stopping");
		else
			g_queue_push_tail(&kept, entry);
	store->entries = kept;
}

void
entries_again(struct store *store)
{
	for (const GList *at = store->entries.head; at != NULL; at = at->next) {
		struct entry *entry = at->data;

		if (entry->wrong == 0)
			continue;
		entry->wrong = 0;
		keep_body(store, entry);
	}
}

void
entries_end(struct store *store)
{
	struct entry *entry;

	while ((entry = g_queue_pop_head(&store->entries)) != NULL)
		drop(entry, "the store is closed");
}
