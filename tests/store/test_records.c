/* SPDX-License-Identifier: MIT */
#include "records.h"

#include "answer.h"
#include "core/clock.h"
#include "mail/sample.h"
#include <glib/gstdio.h>
#include <semaphore.h>
#include <sqlite3.h>
#include <unistd.h>

#define DAY_MS (INT64_C(24) * 3600 * 1000)

struct stand {
	char *directory, *path;
	struct records *records;
	GPtrArray *moved; /* the records' thread's until `done` */
	sem_t done;
	unsigned expected;
	unsigned changes; /* the records' thread's until it is answered */
};

static void
on_moved(void *object, GPtrArray *ids)
{
	struct stand *stand = object;

	g_ptr_array_extend_and_steal(stand->moved, ids);
	if (stand->moved->len >= stand->expected)
		sem_post(&stand->done);
}

static void
on_changed(void *object)
{
	struct stand *stand = object;

	stand->changes++;
}

static void
open_records(struct stand *stand, int64_t keep_ms)
{
	struct records_options options = {
		.directory = stand->directory,
		.keep_ms = keep_ms,
		.moved = on_moved,
		.changed = on_changed,
		.object = stand,
	};
	GError *error = NULL;

	stand->records = records_open(&options, &error);
	if (stand->records == NULL)
		print_error("%s\n", error->message);
	assert_non_null(stand->records);
}

static void
open_offline(struct stand *stand)
{
	struct records_options options = {
		.directory = stand->directory,
		.keep_ms = 1,
		.offline = true,
		.moved = on_moved,
		.changed = on_changed,
		.object = stand,
	};

	stand->records = records_open(&options, NULL);
	assert_non_null(stand->records);
}

static void
begin(struct stand *stand)
{
	*stand = (struct stand){ 0 };
	stand->directory = g_dir_make_tmp("records-XXXXXX", NULL);
	stand->path = g_build_filename(stand->directory, "records.db", NULL);
	stand->moved = g_ptr_array_new_with_free_func(g_free);
	sem_init(&stand->done, 0, 0);
	open_records(stand, DAY_MS);
}

static void
end(struct stand *stand)
{
	static const char *const names[] = { "records.db", "records.db-wal",
		"records.db.damaged", "records.db.damaged-wal" };

	records_close(stand->records);
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path =
		    g_build_filename(stand->directory, names[i], NULL);

		g_remove(path);
	}
	assert_int_equal(g_rmdir(stand->directory), 0);
	g_ptr_array_unref(stand->moved);
	sem_destroy(&stand->done);
	g_free(stand->directory);
	g_free(stand->path);
}

static struct store_mail *
make_mail(unsigned number, int64_t finished_ms)
{
	struct store_mail *mail = store_mail_new();
	struct store_recipient *recipient;
	struct journal_attempt *attempt = g_new0(struct journal_attempt, 1);
	struct store_act done = { 5, (char *)"hold", (char *)"uid 0" };

	g_snprintf(mail->id, sizeof mail->id, "%026u", number);
	mail->place = STORE_FINISHED;
	mail->received_ms = 1000;
	mail->finished_ms = finished_ms;
	mail->listener = g_strdup("main");
	mail->peer = g_strdup("192.0.2.7");
	mail->helo = g_strdup("app");
	mail->sender = g_strdup("app@example.com");
	mail->subject = g_strdup("Grüße");
	mail->from = g_strdup("Ann <ann@example.com>");
	mail->tags = g_strsplit("news,may", ",", -1);
	mail->size_bytes = 5120;
	mail->rounds = 2;
	recipient = store_mail_add_recipient(mail, "one@example.org");
	recipient->is.state = RECIPIENT_ACCEPTED;
	recipient->is.provider = g_strdup("mailgun");
	recipient->is.doubts = 2;
	attempt->number = 1;
	attempt->provider = g_strdup("mailgun");
	attempt->message_id = g_strdup("<one@ferry.example.com>");
	attempt->from_domain = g_strdup("example.com");
	attempt->redirect = g_strdup("staging@example.com");
	attempt->count = 1;
	attempt->recipients = g_new0(unsigned, 1);
	attempt->begun_ms = 2000;
	attempt->ended_ms = 3000;
	g_ptr_array_add(mail->attempts, attempt);
	store_mail_add_act(mail, &done);
	return mail;
}

/* Keeps mails 1 to count and waits until they are kept. */
static void
keep(struct stand *stand, unsigned count)
{
	stand->expected = stand->moved->len + count;
	for (unsigned i = 1; i <= count; i++)
		records_keep_post(
		    stand->records, make_mail(i, clock_wall_ms()));
	assert_int_equal(sem_wait(&stand->done), 0);
	assert_int_equal(stand->moved->len, stand->expected);
}

/* An ask, and how to wait for its answer. */
struct question {
	struct store_ask ask;
	sem_t answered;
};

static void
on_answered(struct store_ask *ask)
{
	sem_post(&((struct question *)(void *)ask)->answered);
}

static void
ask(struct stand *stand, struct question *question)
{
	sem_init(&question->answered, 0, 0);
	records_ask_post(stand->records, &question->ask, on_answered);
	assert_int_equal(sem_wait(&question->answered), 0);
	sem_destroy(&question->answered);
}

/* How many mails it lists. */
static unsigned
count(struct stand *stand, const char *after, unsigned limit)
{
	struct question question = {
		.ask = {
			.question = STORE_LIST,
			.place = STORE_FINISHED,
			.id = after,
			.limit = limit,
		},
	};
	unsigned found;

	ask(stand, &question);
	assert_true(question.ask.found);
	assert_null(question.ask.obstacle);
	found = question.ask.mails->len;
	store_ask_clear(&question.ask);
	return found;
}

static void
check_story(const struct store_mail *mail)
{
	const struct store_recipient *recipient =
	    g_ptr_array_index(mail->recipients, 0);
	const struct journal_attempt *attempt =
	    g_ptr_array_index(mail->attempts, 0);
	const struct store_act *done = g_ptr_array_index(mail->acts, 0);

	assert_int_equal(mail->place, STORE_FINISHED);
	assert_int_equal(mail->received_ms, 1000);
	assert_true(mail->finished_ms > 1000);
	assert_string_equal(mail->listener, "main");
	assert_string_equal(mail->sender, "app@example.com");
	assert_string_equal(mail->subject, "Grüße");
	assert_string_equal(mail->from, "Ann <ann@example.com>");
	assert_string_equal(mail->tags[0], "news");
	assert_string_equal(mail->tags[1], "may");
	assert_null(mail->tags[2]);
	assert_int_equal(mail->size_bytes, 5120);
	assert_int_equal(mail->rounds, 2);
	assert_string_equal(recipient->address, "one@example.org");
	assert_int_equal(recipient->is.state, RECIPIENT_ACCEPTED);
	assert_int_equal(recipient->is.doubts, 2);
	assert_int_equal(attempt->ended_ms, 3000);
	assert_string_equal(attempt->message_id, "<one@ferry.example.com>");
	assert_string_equal(attempt->from_domain, "example.com");
	assert_string_equal(attempt->redirect, "staging@example.com");
	assert_string_equal(done->who, "uid 0");
}

static void
test_kept(void **state)
{
	struct stand stand;
	struct question question = {
		.ask = {
			.question = STORE_MAIL,
			.id = "00000000000000000000000002",
		},
	};

	(void)state;
	begin(&stand);
	keep(&stand, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(
		    ((char *)g_ptr_array_index(stand.moved, i))[25],
		    '1' + (int)i);
	ask(&stand, &question);
	assert_true(question.ask.found);
	check_story(g_ptr_array_index(question.ask.mails, 0));
	store_ask_clear(&question.ask);
	question.ask.id = "nobody";
	ask(&stand, &question);
	assert_false(question.ask.found);
	assert_null(question.ask.obstacle);
	store_ask_clear(&question.ask);
	assert_true(stand.changes > 0);
	stand.changes = 0;
	assert_int_equal(count(&stand, NULL, 0), 3);
	assert_int_equal(count(&stand, NULL, 2), 2);
	assert_int_equal(stand.changes, 0);
	assert_int_equal(count(&stand, "00000000000000000000000002", 0), 1);
	end(&stand);
}

/* A crash repeats the move: the record is there once. */
static void
test_repeated(void **state)
{
	struct stand stand;

	(void)state;
	begin(&stand);
	keep(&stand, 2);
	keep(&stand, 3);
	assert_int_equal(count(&stand, NULL, 0), 3);
	records_close(stand.records);
	open_records(&stand, DAY_MS);
	assert_int_equal(count(&stand, NULL, 0), 3);
	end(&stand);
}

/* What is posted right before the end is kept, and told. */
static void
test_closed(void **state)
{
	struct stand stand;

	(void)state;
	begin(&stand);
	for (unsigned i = 1; i <= 20; i++)
		records_keep_post(stand.records, make_mail(i, clock_wall_ms()));
	records_close(stand.records);
	assert_int_equal(stand.moved->len, 20);
	open_records(&stand, DAY_MS);
	assert_int_equal(count(&stand, NULL, 0), 20);
	end(&stand);
}

/* The old ones go, more than a slice of them, the young stay. */
static void
test_old(void **state)
{
	struct stand stand;
	int64_t now = clock_wall_ms();

	(void)state;
	begin(&stand);
	records_close(stand.records);
	open_offline(&stand);
	for (unsigned i = 1; i <= 1203; i++)
		records_keep_post(stand.records,
		    make_mail(i, i > 1200 ? now : now - 10 * DAY_MS));
	assert_int_equal(count(&stand, NULL, 2000), 1203);
	records_close(stand.records);
	stand.changes = 0;
	open_records(&stand, DAY_MS);
	/* slices are timers: each question lets one pass */
	while (count(&stand, NULL, 2000) > 3)
		;
	assert_true(stand.changes > 0);
	end(&stand);
}

/* Mails that only passed: a question finds them at once, and without one they
 * are kept soon. */
static void
test_passed(void **state)
{
	struct stand stand;

	(void)state;
	begin(&stand);
	stand.expected = 4;
	for (unsigned i = 1; i <= 3; i++) {
		records_pass_post(stand.records, make_mail(i, clock_wall_ms()));
		assert_int_equal(count(&stand, NULL, 0), i);
	}
	records_pass_post(stand.records, make_mail(4, clock_wall_ms()));
	assert_int_equal(sem_wait(&stand.done), 0);
	assert_int_equal(stand.moved->len, 4);
	end(&stand);
}

/* Offline nothing is removed. */
static void
test_offline(void **state)
{
	struct stand stand;

	(void)state;
	begin(&stand);
	records_keep_post(stand.records, make_mail(1, clock_wall_ms()));
	records_close(stand.records);
	open_offline(&stand);
	records_keep_post(stand.records, make_mail(2, 1000));
	assert_int_equal(count(&stand, NULL, 0), 2);
	assert_int_equal(count(&stand, NULL, 0), 2);
	end(&stand);
}

/* A damaged records.db is put aside: it holds nothing that is to be sent. */
static void
test_damaged(void **state)
{
	struct stand stand;
	g_autofree char *aside = NULL, *bytes = NULL;

	(void)state;
	begin(&stand);
	keep(&stand, 2);
	records_close(stand.records);
	assert_true(g_file_set_contents(stand.path,
	    "This is long enough to be looked at as a database, which has a"
	    " header of a hundred bytes at its begin.",
	    -1, NULL));
	open_records(&stand, DAY_MS);
	assert_int_equal(count(&stand, NULL, 0), 0);
	keep(&stand, 1);
	assert_int_equal(count(&stand, NULL, 0), 1);
	aside = g_strconcat(stand.path, ".damaged", NULL);
	assert_true(g_file_get_contents(aside, &bytes, NULL, NULL));
	assert_memory_equal(bytes, "This is long", 12);
	end(&stand);
}

/* Damage that shows later is found when it is read, and put aside then. */
static void
test_damaged_later(void **state)
{
	struct stand stand;
	struct question question = {
		.ask = { .question = STORE_LIST, .place = STORE_FINISHED },
	};
	sqlite3 *handle;

	(void)state;
	begin(&stand);
	keep(&stand, 2);
	records_close(stand.records);
	assert_int_equal(sqlite3_open(stand.path, &handle), SQLITE_OK);
	sqlite3_exec(
	    handle, "UPDATE recipient SET state = 9", NULL, NULL, NULL);
	sqlite3_close(handle);
	open_records(&stand, DAY_MS);
	ask(&stand, &question);
	assert_false(question.ask.found);
	assert_non_null(
	    strstr(question.ask.obstacle, "state is 9, expected 0 to 6"));
	store_ask_clear(&question.ask);
	assert_int_equal(count(&stand, NULL, 0), 0);
	keep(&stand, 1);
	assert_int_equal(count(&stand, NULL, 0), 1);
	end(&stand);
}

static void
test_newer(void **state)
{
	struct stand stand;
	struct records_options options = { .keep_ms = 1 };
	g_autoptr(GError) error = NULL;
	g_autofree char *before = NULL, *after = NULL;
	size_t length;
	sqlite3 *handle;

	(void)state;
	begin(&stand);
	records_close(stand.records);
	assert_int_equal(sqlite3_open(stand.path, &handle), SQLITE_OK);
	sqlite3_exec(handle, "PRAGMA user_version = 99", NULL, NULL, NULL);
	sqlite3_close(handle);
	g_file_get_contents(stand.path, &before, &length, NULL);
	options.directory = stand.directory;
	stand.records = records_open(&options, &error);
	assert_null(stand.records);
	assert_non_null(strstr(error->message, "is of version 99"));
	g_file_get_contents(stand.path, &after, &length, NULL);
	assert_memory_equal(before, after, length);
	end(&stand);
}

/* Attempts nobody can have made: left out, and nothing else suffers. */
static const struct {
	const char *name;
	unsigned number;
	const char *provider;
	unsigned count;
	unsigned kept; /* with the one before it */
} attempts[] = {
	{ "the next", 2, "mandrill", 1, 2 },
	{ "no number", 0, "mandrill", 1, 1 },
	{ "a number twice", 1, "mandrill", 1, 1 },
	{ "no provider", 2, NULL, 1, 1 },
	{ "no recipients", 2, "mandrill", 0, 1 },
};

static void
test_attempts(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(attempts); i++) {
		struct store_mail *mail = make_mail(1, clock_wall_ms());
		struct journal_attempt *attempt =
		    g_new0(struct journal_attempt, 1);
		struct stand stand;
		struct question question = {
			.ask = {
				.question = STORE_MAIL,
				.id = "00000000000000000000000001",
			},
		};
		const struct store_mail *read;

		begin(&stand);
		attempt->number = attempts[i].number;
		attempt->provider = g_strdup(attempts[i].provider);
		attempt->count = attempts[i].count;
		attempt->recipients = g_new0(unsigned, 1);
		g_ptr_array_add(mail->attempts, attempt);
		records_keep_post(stand.records, mail);
		ask(&stand, &question); /* at once */
		assert_true(question.ask.found);
		read = question.ask.mails->pdata[0];
		if (read->attempts->len != attempts[i].kept)
			fail_msg("%s", attempts[i].name);
		store_ask_clear(&question.ask);
		end(&stand);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_repeated),
		cmocka_unit_test(test_attempts),
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_old),
		cmocka_unit_test(test_passed),
		cmocka_unit_test(test_offline),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_damaged_later),
		cmocka_unit_test(test_newer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
