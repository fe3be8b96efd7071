/* SPDX-License-Identifier: MIT */
#include "database.h"
#include "mail/sample.h"
#include <glib/gstdio.h>
#include <unistd.h>

struct place {
	char *directory, *path, *wal;
};

static struct place
make_place(void)
{
	struct place place;

	place.directory = g_dir_make_tmp("schema-XXXXXX", NULL);
	place.path = g_build_filename(place.directory, "queue.db", NULL);
	place.wal = g_build_filename(place.directory, "queue.db-wal", NULL);
	return place;
}

static void
clear_place(struct place *place)
{
	g_remove(place->path);
	g_remove(place->wal);
	assert_int_equal(g_rmdir(place->directory), 0);
	g_free(place->directory);
	g_free(place->path);
	g_free(place->wal);
}

static char *
ask(sqlite3 *handle, const char *sql)
{
	sqlite3_stmt *statement;
	char *answer = NULL;

	assert_int_equal(
	    sqlite3_prepare_v2(handle, sql, -1, &statement, NULL), SQLITE_OK);
	if (sqlite3_step(statement) == SQLITE_ROW)
		answer =
		    g_strdup((const char *)sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	return answer;
}

/* With another's hands. */
static void
run(const char *path, const char *sql)
{
	sqlite3 *handle;

	assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(handle);
}

static void
execute(sqlite3 *handle, const char *sql)
{
	assert_int_equal(
	    sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
}

static void
copy_file(const char *from, const char *to)
{
	g_autofree char *bytes = NULL;
	gsize length;

	assert_true(g_file_get_contents(from, &bytes, &length, NULL));
	assert_true(g_file_set_contents(to, bytes, (gssize)length, NULL));
}

static const struct {
	const char *pragma, *expected;
} settings[] = {
	{ "PRAGMA locking_mode", "exclusive" },
	{ "PRAGMA journal_mode", "wal" },
	{ "PRAGMA synchronous", "2" },
	{ "PRAGMA auto_vacuum", "2" },
	{ "PRAGMA journal_size_limit", "67108864" },
	{ "PRAGMA secure_delete", "0" },
	{ "PRAGMA foreign_keys", "1" },
	{ "PRAGMA cell_size_check", "1" },
	{ "PRAGMA trusted_schema", "0" },
	{ "PRAGMA mmap_size", "0" },
	{ "PRAGMA temp_store", "2" },
	{ "PRAGMA cache_size", "-16000" },
	{ "PRAGMA application_id", "1885761841" },
	{ "PRAGMA integrity_check", "ok" },
};

static void
expect_version(const struct database *database)
{
	g_autofree char *version = ask(database->handle, "PRAGMA user_version");
	g_autofree char *newest = g_strdup_printf("%d", schema_queue.version);

	assert_string_equal(version, newest);
}

/* New and found again: the settings are the same. */
static void
test_settings(void **state)
{
	struct place place = make_place();

	(void)state;
	for (int round = 0; round < 2; round++) {
		bool damaged = true;
		struct database *database = database_open(place.directory,
		    &schema_queue, DATABASE_SYNC_ALL, &damaged, NULL);

		assert_non_null(database);
		assert_false(damaged);
		for (size_t i = 0; i < G_N_ELEMENTS(settings); i++) {
			g_autofree char *answer =
			    ask(database->handle, settings[i].pragma);

			print_message("%s\n", settings[i].pragma);
			assert_string_equal(answer, settings[i].expected);
		}
		expect_version(database);
		database_close(database);
	}
	clear_place(&place);
}

/* Who only looks changes nothing, and so needs no room. */
static void
test_opening_writes_nothing(void **state)
{
	struct place place = make_place();
	g_autofree char *before = NULL, *after = NULL;
	gsize before_size, after_size;
	bool damaged;

	(void)state;
	database_close(database_open(
	    place.directory, &schema_queue, DATABASE_SYNC_ALL, &damaged, NULL));
	assert_true(
	    g_file_get_contents(place.path, &before, &before_size, NULL));
	struct database *database = database_open(
	    place.directory, &schema_queue, DATABASE_SYNC_ALL, &damaged, NULL);
	assert_non_null(database);
	g_autofree char *log = NULL;
	gsize log_size = 1;
	assert_true(g_file_get_contents(place.wal, &log, &log_size, NULL));
	assert_int_equal(log_size, 0);
	database_close(database);
	assert_true(g_file_get_contents(place.path, &after, &after_size, NULL));
	assert_int_equal(before_size, after_size);
	assert_memory_equal(before, after, before_size);
	clear_place(&place);
}

static void
test_synchronous_later(void **state)
{
	struct place place = make_place();
	bool damaged;
	struct database *database = database_open(place.directory,
	    &schema_queue, DATABASE_SYNC_LATER, &damaged, NULL);
	g_autofree char *answer = NULL;

	(void)state;
	assert_non_null(database);
	answer = ask(database->handle, "PRAGMA synchronous");
	assert_string_equal(answer, "1");
	database_close(database);
	clear_place(&place);
}

static const char *const first_steps[] = {
	"CREATE TABLE one (a INTEGER); INSERT INTO one VALUES (7)",
	"ALTER TABLE one ADD COLUMN b INTEGER NOT NULL DEFAULT 8",
	"CREATE TABLE two (a INTEGER); INSERT INTO two SELECT b FROM one",
};

/* Of whatever version it was, it is of the last one then, with its rows. */
static void
test_steps(void **state)
{
	(void)state;
	for (int from = 1; from <= 3; from++) {
		struct place place = make_place();

		for (int version = from; version <= 3; version += 3 - from) {
			struct schema schema = {
				.file = "queue.db",
				.application_id = 1,
				.steps = first_steps,
				.version = version,
			};
			bool damaged;
			struct database *database =
			    database_open(place.directory, &schema,
				DATABASE_SYNC_ALL, &damaged, NULL);

			assert_non_null(database);
			if (version == 3) {
				g_autofree char *answer = ask(database->handle,
				    "SELECT one.a || b || two.a FROM one, two");

				assert_string_equal(answer, "788");
			}
			database_close(database);
			if (version == 3)
				break;
		}
		clear_place(&place);
	}
}

/* What a database of an older version held, and what is read of it today. */
static const struct {
	const char *name;
	const struct schema *schema;
	int version;
	const char *filled, *question, *expected;
} grown[] = {
	{ "the queue counts doubts", &schema_queue, 1,
	    "INSERT INTO mail (number, id, received, peer, esmtp, repaired,"
	    " eightbit, declared, size, digest, header_end, header_start,"
	    " long_lines, folds, body_escapes, traits, in_file, report,"
	    " remaining, due) VALUES (1, 'a', 1, '192.0.2.7', 1, 0, 0, 0, 1, 1,"
	    " 1, 0, 0, 0, 0, 0, 0, 0, 1, 5);"
	    "INSERT INTO recipient (mail, number, address, state, until)"
	    " VALUES (1, 0, 'one@example.org', 4, 9000)",
	    "SELECT address || ' ' || until || ' ' || doubts FROM recipient",
	    "one@example.org 9000 0" },
	{ "the queue times doubts", &schema_queue, 2,
	    "INSERT INTO mail (number, id, received, peer, esmtp, repaired,"
	    " eightbit, declared, size, digest, header_end, header_start,"
	    " long_lines, folds, body_escapes, traits, in_file, report,"
	    " remaining, due) VALUES (1, 'a', 1, '192.0.2.7', 1, 0, 0, 0, 1, 1,"
	    " 1, 0, 0, 0, 0, 0, 0, 0, 1, 5);"
	    "INSERT INTO recipient (mail, number, address, state, until,"
	    " doubts) VALUES (1, 0, 'one@example.org', 4, 9000, 2)",
	    "SELECT until || ' ' || doubts || ' ' || since || asks || absent"
	    " FROM recipient",
	    "9000 2 000" },
	{ "the queue counts what became of doubts", &schema_queue, 2,
	    "UPDATE total SET accepted = 5, settled = 4, remaining = 1",
	    "SELECT accepted || ' ' || doubts_seen || resolved || possible ||"
	    " confirmed FROM total",
	    "5 0000" },
	{ "of version 1 too", &schema_queue, 1,
	    "UPDATE total SET accepted = 5, settled = 4, remaining = 1",
	    "SELECT accepted || ' ' || confirmed || count(name)"
	    " FROM total LEFT JOIN provider",
	    "5 00" },
	{ "the queue knows the protocol, and wishes of nobody", &schema_queue,
	    3,
	    "INSERT INTO mail (number, id, received, peer, esmtp, repaired,"
	    " eightbit, declared, size, digest, header_end, header_start,"
	    " long_lines, folds, body_escapes, traits, in_file, report,"
	    " remaining, due) VALUES"
	    " (1, 'a', 1, '', 1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 5),"
	    " (2, 'b', 1, '', 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 5);"
	    "INSERT INTO recipient (mail, number, address, state)"
	    " VALUES (1, 0, 'one@example.org', 2)",
	    "SELECT group_concat(protocol || coalesce(user, envid, resend, '-')"
	    " || ret) || ' ' || (SELECT notify || coalesce(orcpt, '-') || told"
	    " FROM recipient) || ' ' || (SELECT count(*) FROM resend)"
	    " FROM mail",
	    "ESMTP-0,SMTP-0 0-0 0" },
	{ "nobody has wanted a mail of the queue", &schema_queue, 4,
	    "INSERT INTO mail (number, id, received, peer, repaired,"
	    " eightbit, declared, size, digest, header_end, header_start,"
	    " long_lines, folds, body_escapes, traits, in_file, report,"
	    " remaining, due) VALUES"
	    " (1, 'a', 1, '', 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 5)",
	    "SELECT due || coalesce(planned, '-') FROM mail", "5-" },
	{ "what the queue's mails are about is not known", &schema_queue, 5,
	    "INSERT INTO mail (number, id, received, peer, repaired,"
	    " eightbit, declared, size, digest, header_end, header_start,"
	    " long_lines, folds, body_escapes, traits, in_file, report,"
	    " remaining, due) VALUES"
	    " (1, 'a', 1, '', 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 5)",
	    "SELECT id || due || coalesce(subject, from_text, tags, '-')"
	    " FROM mail",
	    "a5-" },
	{ "nor of those that are recorded", &schema_records, 4,
	    "INSERT INTO mail (number, id, received, peer, size, report,"
	    " rounds, finished, protocol) VALUES"
	    " (1, 'a', 1, '192.0.2.7', 1, 0, 2, 9, 'ESMTP');"
	    "INSERT INTO recipient (mail, number, address, state)"
	    " VALUES (1, 0, 'one@example.org', 2)",
	    "SELECT protocol || coalesce(subject, from_text, tags, '-') ||"
	    " address FROM mail, recipient",
	    "ESMTP-one@example.org" },
	{ "those are found by who sent and got them", &schema_records, 6,
	    "INSERT INTO mail (number, id, received, peer, size, report,"
	    " rounds, finished, sender) VALUES"
	    " (1, 'a', 1, '192.0.2.7', 1, 0, 2, 9, 'app@example.com');"
	    "INSERT INTO recipient (mail, number, address, state)"
	    " VALUES (1, 0, 'one@example.org', 2)",
	    "SELECT mail.id || address FROM mail INDEXED BY mail_sender,"
	    " recipient INDEXED BY recipient_address"
	    " WHERE sender = 'APP@example.com' COLLATE NOCASE"
	    " AND address = 'ONE@example.org' COLLATE NOCASE",
	    "aone@example.org" },
	{ "the records have no wishes", &schema_records, 3,
	    "INSERT INTO mail (number, id, received, peer, size, report,"
	    " rounds, finished) VALUES (1, 'a', 1, '192.0.2.7', 1, 0, 2, 9);"
	    "INSERT INTO recipient (mail, number, address, state)"
	    " VALUES (1, 0, 'one@example.org', 2)",
	    "SELECT coalesce(protocol, user, envid, '-') || ret || notify ||"
	    " coalesce(orcpt, '-') || told FROM mail, recipient",
	    "-00-0" },
	{ "the records time doubts", &schema_records, 2,
	    "INSERT INTO mail (number, id, received, peer, size, report,"
	    " rounds, finished) VALUES (1, 'a', 1, '192.0.2.7', 1, 0, 2, 9);"
	    "INSERT INTO recipient (mail, number, address, state, doubts)"
	    " VALUES (1, 0, 'one@example.org', 2, 3)",
	    "SELECT doubts || ' ' || since || asks || absent FROM recipient",
	    "3 000" },
	{ "how an attempt left is not known", &schema_queue, 2,
	    "INSERT INTO mail (number, id, received, peer, esmtp, repaired,"
	    " eightbit, declared, size, digest, header_end, header_start,"
	    " long_lines, folds, body_escapes, traits, in_file, report,"
	    " remaining) VALUES"
	    " (1, 'a', 1, '', 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 0);"
	    "INSERT INTO attempt (mail, number, provider, form, recipients,"
	    " begun) VALUES (1, 1, 'mailgun', 0, '[0]', 5)",
	    "SELECT provider || ' ' || coalesce(message_id, from_domain,"
	    " redirect, 'unknown') FROM attempt",
	    "mailgun unknown" },
	{ "the records count doubts", &schema_records, 1,
	    "INSERT INTO mail (number, id, received, peer, size, report,"
	    " rounds, finished) VALUES (1, 'a', 1, '192.0.2.7', 1, 0, 2, 9);"
	    "INSERT INTO recipient (mail, number, address, state, provider)"
	    " VALUES (1, 0, 'one@example.org', 2, 'mailgun')",
	    "SELECT address || ' ' || provider || ' ' || doubts"
	    " FROM recipient",
	    "one@example.org mailgun 0" },
};

static void
test_grown(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(grown); i++) {
		struct place place = make_place();
		struct schema schema = *grown[i].schema;
		g_autofree char *answer = NULL;
		struct database *database;
		bool damaged;

		print_message("%s\n", grown[i].name);
		schema.file = "queue.db";
		schema.version = grown[i].version;
		database_close(database_open(place.directory, &schema,
		    DATABASE_SYNC_ALL, &damaged, NULL));
		run(place.path, grown[i].filled);
		schema.version = grown[i].schema->version;
		database = database_open(place.directory, &schema,
		    DATABASE_SYNC_ALL, &damaged, NULL);
		assert_non_null(database);
		answer = ask(database->handle, grown[i].question);
		assert_string_equal(answer, grown[i].expected);
		database_close(database);
		clear_place(&place);
	}
}

/* Killed before the steps were committed, or after: it is of the old version
 * or of the new one, and the next start has the new one, with all rows. */
static void
test_killed_between(void **state)
{
	static const char *const ends[] = { "SELECT 1", "COMMIT" };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
		struct place place = make_place(), killed = make_place();
		struct schema old = schema_queue;
		struct database *database;
		g_autofree char *answer = NULL;
		bool damaged;

		old.version = 3;
		database = database_open(
		    place.directory, &old, DATABASE_SYNC_ALL, &damaged, NULL);
		execute(database->handle, "UPDATE total SET accepted = 5");
		execute(database->handle, "BEGIN IMMEDIATE");
		execute(database->handle, schema_queue.steps[3]);
		execute(database->handle, "PRAGMA user_version = 4");
		execute(database->handle, ends[i]);
		sqlite3_db_cacheflush(database->handle);
		copy_file(place.path, killed.path);
		copy_file(place.wal, killed.wal);
		database_close(database);
		database = database_open(killed.directory, &schema_queue,
		    DATABASE_SYNC_ALL, &damaged, NULL);
		assert_non_null(database);
		answer =
		    ask(database->handle, "SELECT accepted || ' ' || count(key)"
					  " FROM total LEFT JOIN resend");
		assert_string_equal(answer, "5 0");
		expect_version(database);
		database_close(database);
		clear_place(&place);
		clear_place(&killed);
	}
}

/* A step that fails leaves the version before, whole. */
static void
test_step_fails(void **state)
{
	static const char *const steps[] = {
		"CREATE TABLE one (a INTEGER)",
		"CREATE TABLE two (a INTEGER)",
		"CREATE TABLE one (a INTEGER)",
	};
	struct schema schema = {
		.file = "queue.db",
		.application_id = 1,
		.steps = steps,
		.version = 1,
	};
	struct place place = make_place();
	g_autoptr(GError) error = NULL;
	g_autofree char *tables = NULL;
	struct database *database;
	bool damaged;

	(void)state;
	database_close(database_open(
	    place.directory, &schema, DATABASE_SYNC_ALL, &damaged, NULL));
	schema.version = 3;
	assert_null(database_open(
	    place.directory, &schema, DATABASE_SYNC_ALL, &damaged, &error));
	assert_non_null(strstr(error->message, "already exists"));
	assert_false(damaged);
	schema.version = 1;
	database = database_open(
	    place.directory, &schema, DATABASE_SYNC_ALL, &damaged, NULL);
	assert_non_null(database);
	tables = ask(database->handle, "SELECT count(*) FROM sqlite_schema");
	assert_string_equal(tables, "1");
	database_close(database);
	clear_place(&place);
}

/* Files that are not ours to open: what is done to queue.db by others, and what
 * the error names. */
static const struct {
	const char *name;
	const char *sql;   /* done to a queue.db of ours; NULL: no database */
	const char *bytes; /* what the file holds instead */
	bool wal;          /* and a WAL lies beside it */
	const char *error;
	bool damaged;
} refusals[] = {
	{ "newer", "PRAGMA user_version = 99", NULL, false,
	    ".db: it is of version 99, this postferry knows versions up to",
	    false },
	{ "newer, with what we cannot read",
	    "CREATE TABLE x (a); PRAGMA user_version = 99;"
	    "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'Q'",
	    NULL, false, "is of version 99", false },
	{ "negative", "PRAGMA user_version = -1", NULL, false,
	    "is of version -1", false },
	{ "another's", "PRAGMA application_id = 5", NULL, false,
	    ".db: it is a database of another program (application_id 5",
	    false },
	{ "text", NULL,
	    "Dear diary, this is long enough to have a header of"
	    " a hundred bytes, which is what SQLite wants to see",
	    false,
	    "file is not a database (SQLite 26): it is damaged or no database; "
	    "stop postferry and restore the file, or mend it with the .recover "
	    "command of sqlite3; without it the mails in it are not sent",
	    true },
	{ "lost, but its WAL is there", NULL, "", true,
	    ".db: it is missing or empty, but", true },
};

static void
test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
		struct place place = make_place();
		g_autofree char *before = NULL, *after = NULL;
		g_autoptr(GError) error = NULL;
		size_t before_length, after_length;
		bool damaged = !refusals[i].damaged;

		print_message("%s\n", refusals[i].name);
		database_close(database_open(place.directory, &schema_queue,
		    DATABASE_SYNC_ALL, &damaged, NULL));
		damaged = !refusals[i].damaged;
		if (refusals[i].sql != NULL)
			run(place.path, refusals[i].sql);
		else
			assert_true(g_file_set_contents(
			    place.path, refusals[i].bytes, -1, NULL));
		if (refusals[i].wal)
			assert_true(g_file_set_contents(
			    place.wal, "changes", -1, NULL));
		g_file_get_contents(place.path, &before, &before_length, NULL);
		assert_null(database_open(place.directory, &schema_queue,
		    DATABASE_SYNC_ALL, &damaged, &error));
		if (strstr(error->message, refusals[i].error) == NULL)
			fail_msg("%s", error->message);
		assert_non_null(strstr(error->message, place.path));
		assert_int_equal(damaged, refusals[i].damaged);
		g_file_get_contents(place.path, &after, &after_length, NULL);
		assert_int_equal(before_length, after_length);
		assert_memory_equal(before, after, before_length);
		clear_place(&place);
	}
}

/* Whoever puts a damaged file aside by itself asks nobody to do anything. */
static void
test_no_remedy(void **state)
{
	struct place place = make_place();
	struct schema schema = schema_records;
	g_autoptr(GError) error = NULL;
	bool damaged = false;

	(void)state;
	schema.file = "queue.db";
	assert_true(
	    g_file_set_contents(place.path, refusals[4].bytes, -1, NULL));
	assert_null(database_open(
	    place.directory, &schema, DATABASE_SYNC_LATER, &damaged, &error));
	assert_true(damaged);
	assert_true(g_str_has_suffix(error->message, "damaged or no database"));
	clear_place(&place);
}

/* Neither the file nor what its maker left in the WAL is touched. */
static void
test_newer_with_wal(void **state)
{
	struct place maker = make_place(), place = make_place();
	g_autofree char *file = NULL, *wal = NULL, *after = NULL;
	g_autoptr(GError) error = NULL;
	size_t file_length, wal_length, after_length;
	struct database *database;
	bool damaged;

	(void)state;
	database = database_open(
	    maker.directory, &schema_queue, DATABASE_SYNC_ALL, &damaged, NULL);
	sqlite3_exec(
	    database->handle, "PRAGMA user_version = 99", NULL, NULL, NULL);
	g_file_get_contents(maker.path, &file, &file_length, NULL);
	g_file_get_contents(maker.wal, &wal, &wal_length, NULL);
	assert_true(wal_length > 0);
	g_file_set_contents(place.path, file, (gssize)file_length, NULL);
	g_file_set_contents(place.wal, wal, (gssize)wal_length, NULL);
	database_close(database);
	assert_null(database_open(place.directory, &schema_queue,
	    DATABASE_SYNC_ALL, &damaged, &error));
	assert_non_null(strstr(error->message, "is of version 99"));
	g_file_get_contents(place.path, &after, &after_length, NULL);
	assert_int_equal(after_length, file_length);
	assert_memory_equal(after, file, file_length);
	g_clear_pointer(&after, g_free);
	g_file_get_contents(place.wal, &after, &after_length, NULL);
	assert_int_equal(after_length, wal_length);
	assert_memory_equal(after, wal, wal_length);
	clear_place(&maker);
	clear_place(&place);
}

static void
test_in_use(void **state)
{
	struct place place = make_place();
	g_autoptr(GError) error = NULL;
	bool damaged;
	struct database *database = database_open(
	    place.directory, &schema_queue, DATABASE_SYNC_ALL, &damaged, NULL);

	(void)state;
	assert_null(database_open(place.directory, &schema_queue,
	    DATABASE_SYNC_ALL, &damaged, &error));
	assert_non_null(strstr(error->message, "another process has it open"));
	assert_false(damaged);
	database_close(database);
	clear_place(&place);
}

static void
test_no_directory(void **state)
{
	g_autoptr(GError) error = NULL;
	bool damaged;

	(void)state;
	assert_null(database_open("/nonexistent/place", &schema_queue,
	    DATABASE_SYNC_ALL, &damaged, &error));
	assert_non_null(strstr(error->message, "must be writable"));
	assert_non_null(strstr(error->message, "No such file or directory"));
	assert_false(damaged);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_opening_writes_nothing),
		cmocka_unit_test(test_synchronous_later),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_grown),
		cmocka_unit_test(test_killed_between),
		cmocka_unit_test(test_step_fails),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_no_remedy),
		cmocka_unit_test(test_newer_with_wal),
		cmocka_unit_test(test_in_use),
		cmocka_unit_test(test_no_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
