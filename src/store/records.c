/* SPDX-License-Identifier: MIT */
/*
 * All mails that are posted while a batch is written are the next one.  What
 * fails here fails softly: these are mails that nobody waits for any more.
 */
#include "records.h"

#include "answer.h"
#include "archive.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/loop.h"
#include "heard.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Old mails go in slices, so that what is posted need not wait long. */
#define SLICE    500
#define SLICE_MS 60000

struct records {
	struct records_options options;
	char *directory;
	struct veil *veil;
	struct loop *loop;
	struct loop_timer *timer;  /* NULL: offline */
	struct database *database; /* NULL: lost while we ran */
	GPtrArray *waiting;        /* struct store_mail *: the next batch */
	bool told;                 /* that nothing can be written */
	uint64_t changes;          /* of the database, as told last */
};

/* A mail to keep. */
struct keep {
	struct letter letter;
	struct store_mail *mail;
};

/* A question, and who gets it back. */
struct question {
	struct letter letter;
	struct store_ask *ask;
	void (*answered)(struct store_ask *ask);
};

/* records.db and its WAL get other names. */
static void
put_aside(const struct records *records, const char *why)
{
	static const char *const tails[] = { "", "-wal" };

	for (size_t i = 0; i < G_N_ELEMENTS(tails); i++) {
		g_autofree char *from = g_strconcat(records->directory, "/",
		    schema_records.file, tails[i], NULL);
		g_autofree char *to = g_strconcat(records->directory, "/",
		    schema_records.file, ".damaged", tails[i], NULL);

		if (rename(from, to) != 0 && errno != ENOENT)
			log_error("records not put aside",
			    log_str("file", from),
			    log_str("error", strerror(errno)));
	}
	log_warn("records put aside", log_str("directory", records->directory),
	    log_str("file", "records.db.damaged"), log_str("error", why));
}

static bool
open_database(struct records *records, GError **error)
{
	g_autoptr(GError) why = NULL;
	bool damaged;

	records->database = database_open(records->directory, &schema_records,
	    DATABASE_SYNC_LATER, &damaged, &why);
	if (records->database == NULL && damaged) {
		put_aside(records, why->message);
		g_clear_error(&why);
		records->database = database_open(records->directory,
		    &schema_records, DATABASE_SYNC_LATER, &damaged, &why);
	}
	if (records->database == NULL)
		g_propagate_error(error, g_steal_pointer(&why));
	return records->database != NULL;
}

/* The transaction failed: nothing of it is kept. */
static void
give_up(struct records *records)
{
	struct database *database = records->database;
	g_autofree char *why = g_strdup(database->error);
	g_autoptr(GError) error = NULL;

	database_rollback(database);
	if (!records->told)
		log_error("records lost", log_str("error", why));
	records->told = true;
	if (!database->damaged)
		return;
	g_clear_pointer(&records->database, database_close);
	put_aside(records, why);
	if (!open_database(records, &error))
		log_error("records closed", log_str("error", error->message));
	records->changes = 0;
	records->options.changed(records->options.object);
}

/* After a commit. */
static void
tell_changes(struct records *records)
{
	uint64_t changes = records->database->changes;

	if (changes != records->changes)
		records->options.changed(records->options.object);
	records->changes = changes;
}

static bool
remove_mail(struct database *database, const char *id)
{
	struct query query =
	    query_open(database, "mail", "DELETE FROM mail WHERE id = ?");

	query_put_text(&query, id);
	return query_run(&query) >= 0;
}

static bool
add_mail(struct database *database, const struct store_mail *mail)
{
	g_autofree char *tags =
	    mail->tags == NULL ? NULL : g_strjoinv("\n", mail->tags);
	struct query query = query_open(database, "mail",
	    "INSERT INTO mail (id, received, listener, peer, helo, protocol,"
	    " user, envid, ret, sender, subject, from_text, tags, size,"
	    " report, rounds, finished)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");

	query_put_text(&query, mail->id);
	query_put_number(&query, mail->received_ms);
	query_put_text(&query, mail->listener);
	query_put_text(&query, mail->peer == NULL ? "" : mail->peer);
	query_put_text(&query, mail->helo);
	query_put_text(&query, mail->protocol);
	query_put_text(&query, mail->user);
	query_put_text(&query, mail->envid);
	query_put_number(&query, mail->returned);
	query_put_text(&query, mail->sender);
	query_put_text(&query, mail->subject);
	query_put_text(&query, mail->from);
	query_put_text(&query, tags);
	query_put_number(&query, (int64_t)mail->size_bytes);
	query_put_number(&query, mail->report);
	query_put_number(&query, mail->rounds);
	query_put_number(&query, mail->finished_ms);
	return query_run(&query) == 1;
}

/* What would be damage to whoever reads it is left out. */
static bool
is_sound(const struct journal_attempt *attempt, unsigned last)
{
	return attempt->number > last && attempt->provider != NULL &&
	       attempt->count > 0;
}

static bool
add_attempts(const struct story *story, const struct store_mail *mail)
{
	unsigned last = 0;
	bool good = true;

	for (unsigned i = 0; i < mail->attempts->len && good; i++) {
		const struct journal_attempt *attempt =
		    mail->attempts->pdata[i];

		if (!is_sound(attempt, last)) {
			log_error("attempt not recorded: it makes no sense",
			    log_str("mail", mail->id),
			    log_num("number", attempt->number),
			    log_num("recipients", attempt->count));
			continue;
		}
		last = attempt->number;
		good = story_add_attempt(story, attempt);
	}
	return good;
}

static bool
add_story(const struct story *story, const struct store_mail *mail)
{
	bool good = true;

	for (unsigned i = 0; i < mail->recipients->len && good; i++)
		good = story_add_recipient(
		    story, i, g_ptr_array_index(mail->recipients, i));
	good = good && add_attempts(story, mail);
	for (unsigned i = 0; i < mail->acts->len && good; i++)
		good = story_add_act(story, g_ptr_array_index(mail->acts, i));
	for (unsigned i = 0; i < mail->events->len && good; i++)
		good = heard_copy(story, mail->events->pdata[i]);
	return good;
}

static bool
keep_mail(struct database *database, const struct store_mail *mail)
{
	struct story story = { .database = database };

	if (!remove_mail(database, mail->id) || !add_mail(database, mail))
		return false;
	story.mail = sqlite3_last_insert_rowid(database->handle);
	return add_story(&story, mail);
}

static void
write_batch(struct records *records)
{
	struct database *database = records->database;
	bool good;

	if (database == NULL)
		return;
	good = database_begin(database);
	for (unsigned i = 0; i < records->waiting->len && good; i++)
		good =
		    keep_mail(database, g_ptr_array_index(records->waiting, i));
	if (!good || !database_commit(database)) {
		give_up(records);
		return;
	}
	records->told = false;
	tell_changes(records);
}

/* Writes what waits, and says so. */
static void
on_after(void *object)
{
	struct records *records = object;
	GPtrArray *ids;

	if (records->waiting->len == 0)
		return;
	write_batch(records);
	ids = g_ptr_array_new_full(records->waiting->len, g_free);
	for (unsigned i = 0; i < records->waiting->len; i++) {
		const struct store_mail *mail =
		    g_ptr_array_index(records->waiting, i);

		g_ptr_array_add(ids, g_strdup(mail->id));
	}
	g_ptr_array_set_size(records->waiting, 0);
	records->options.moved(records->options.object, ids);
}

/* A slice of those that are older than they are kept. */
static void
on_slice(void *object)
{
	struct records *records = object;
	int64_t before = clock_wall_ms() - records->options.keep_ms;
	struct query query;
	int removed = -1;

	if (records->database != NULL && database_begin(records->database)) {
		query = query_open(records->database, "mail",
		    "DELETE FROM mail WHERE number IN (SELECT number FROM mail"
		    " WHERE finished < ? ORDER BY finished LIMIT ?)");
		query_put_number(&query, before);
		query_put_number(&query, SLICE);
		removed = query_run(&query);
		if (removed < 0 || !database_commit(records->database))
			give_up(records);
		else
			tell_changes(records);
	}
	loop_timer_set(records->timer, removed == SLICE ? 0 : SLICE_MS);
}

struct records *
records_open(const struct records_options *options, GError **error)
{
	struct records *records = g_new0(struct records, 1);

	records->options = *options;
	records->directory = g_strdup(options->directory);
	records->options.directory = records->directory;
	records->waiting = store_mails_new();
	records->veil = veil_open(records->directory, &options->terms, error);
	if (records->veil == NULL || !open_database(records, error)) {
		records_close(records);
		return NULL;
	}
	records->loop = loop_new("records", records);
	loop_after(records->loop, on_after, records);
	if (!options->offline) {
		records->timer =
		    loop_timer_new(records->loop, on_slice, records);
		loop_timer_set(records->timer, 0);
	}
	loop_start(records->loop);
	return records;
}

static void
on_keep(void *owner, struct letter *letter)
{
	struct records *records = owner;
	struct keep *keep = LETTER_OF(letter, struct keep, letter);

	veil_mail(records->veil, keep->mail);
	g_ptr_array_add(records->waiting, keep->mail);
	g_free(keep);
}

static struct keep *
make_keep(struct store_mail *mail)
{
	struct keep *keep = g_new0(struct keep, 1);

	keep->mail = mail;
	return keep;
}

void
records_keep_post(struct records *records, struct store_mail *mail)
{
	loop_post(records->loop, &make_keep(mail)->letter, on_keep);
}

void
records_pass_post(struct records *records, struct store_mail *mail)
{
	loop_post_later(records->loop, &make_keep(mail)->letter, on_keep);
}

static void
answer_mail(struct database *database, struct store_ask *ask)
{
	struct query query = query_open(database, "mail",
	    "SELECT " ARCHIVE_COLUMNS " FROM mail WHERE id = ?");

	story_answer_mail(&query, archive_read, ask);
}

static void
answer_list(struct records *records, struct store_ask *ask)
{
	struct store_filter *filter = &ask->filter;
	g_autofree char *sender = NULL;
	g_autofree char *recipient = NULL;

	if (filter->sender != NULL)
		sender = veil_alias(records->veil, filter->sender);
	if (filter->recipient != NULL)
		recipient = veil_alias(records->veil, filter->recipient);
	filter->sender_alias = sender;
	filter->recipient_alias = recipient;
	archive_list(records->database, ask);
	filter->sender_alias = filter->recipient_alias = NULL;
}

static void
answer_question(struct records *records, struct store_ask *ask)
{
	struct database *database = records->database;

	ask->found = false;
	ask->mails = store_mails_new();
	if (database != NULL && database->result == ENGINE_FULL)
		database->result = ENGINE_OK;
	if (database != NULL && ask->question == STORE_LIST)
		answer_list(records, ask);
	else if (database != NULL)
		answer_mail(database, ask);
	if (database != NULL && database->result == ENGINE_OK)
		return;
	ask->found = false;
	g_ptr_array_set_size(ask->mails, 0);
	ask->obstacle = g_strdup_printf("the records cannot be read: %s",
	    database == NULL ? "records.db is closed" : database->error);
	if (database != NULL)
		give_up(records);
}

static void
on_question(void *owner, struct letter *letter)
{
	struct question *question = LETTER_OF(letter, struct question, letter);

	/* What was posted before is to be found. */
	on_after(owner);
	answer_question(owner, question->ask);
	question->answered(question->ask);
	g_free(question);
}

void
records_ask_post(struct records *records, struct store_ask *ask,
    void (*answered)(struct store_ask *ask))
{
	struct question *question = g_new0(struct question, 1);

	g_assert(ask->question == STORE_LIST || ask->question == STORE_MAIL);
	question->ask = ask;
	question->answered = answered;
	loop_post(records->loop, &question->letter, on_question);
}

/* Events that are to be entered. */
struct hearing {
	struct letter letter;
	struct records_hearing asked;
};

/* By its alias where it is not found by its name, and in no other words. */
static bool
hear_one(
    struct records *records, const struct event *event, struct heard_of *of)
{
	struct database *database = records->database;
	g_autofree char *alias = NULL;
	g_autofree char *text = veil_text(records->veil, event->text);
	struct event veiled = *event;

	if (!heard_find(database, event, of))
		return false;
	if (of->number == HEARD_NOBODY && event->recipient != NULL)
		alias = veil_alias(records->veil, event->recipient);
	veiled.text = text;
	if (alias != NULL) {
		veiled.recipient = alias;
		heard_find(database, &veiled, of);
	}
	heard_add(database, of, &veiled, clock_wall_ms());
	return true;
}

static void
hear_each(struct records *records, const struct records_hearing *asked)
{
	struct database *database = records->database;
	bool good = database_begin(database);

	for (unsigned i = 0; i < asked->events->len && good; i++) {
		const struct event *event = asked->events->pdata[i];

		if (!hear_one(records, event, &asked->found[i]))
			*asked->found[i].id = '\0';
		good = database->result == ENGINE_OK;
	}
	if (good && database_commit(database))
		tell_changes(records);
	else
		give_up(records);
}

static void
on_hearing(void *owner, struct letter *letter)
{
	struct records *records = owner;
	struct hearing *hearing = LETTER_OF(letter, struct hearing, letter);

	/* What was posted before is to be found. */
	on_after(owner);
	if (records->database != NULL)
		hear_each(records, &hearing->asked);
	hearing->asked.entered(hearing->asked.object);
	g_free(hearing);
}

void
records_hear_post(struct records *records, const struct records_hearing *asked)
{
	struct hearing *hearing = g_new0(struct hearing, 1);

	hearing->asked = *asked;
	loop_post(records->loop, &hearing->letter, on_hearing);
}

void
records_close(struct records *records)
{
	if (records == NULL)
		return;
	if (records->loop != NULL)
		loop_stop(records->loop);
	loop_timer_free(records->timer);
	loop_free(records->loop);
	database_close(records->database);
	veil_free(records->veil);
	g_ptr_array_unref(records->waiting);
	g_free(records->directory);
	g_free(records);
}
