/* SPDX-License-Identifier: MIT */
/*
 * A queue to try: a directory of its own, the engine, mails for it, and the
 * invariants, which hold after every test.
 */
#ifndef TESTS_STORE_STAND_H
#define TESTS_STORE_STAND_H

#include "mail/sample.h"
#include "queue.h"
#include <glib/gstdio.h>
#include <stdio.h>
#include <unistd.h>

#define STAND_DOUBT_MS 120000

struct stand {
	char *directory;
	struct spool_place place;
	const struct engine *engine;
	void *self; /* NULL: closed */
	unsigned mails;
};

static inline void
stand_open(struct stand *stand)
{
	struct engine_options options = {
		.directory = stand->directory,
		.place = &stand->place,
		.doubt_ms = STAND_DOUBT_MS,
	};
	GError *error = NULL;

	stand->self = stand->engine->open(&options, &error);
	if (stand->self == NULL)
		print_error("%s\n", error->message);
	assert_non_null(stand->self);
}

static inline struct stand *
stand_new(void)
{
	struct stand *stand = g_new0(struct stand, 1);

	stand->directory = g_dir_make_tmp("queue-XXXXXX", NULL);
	stand->place.directory = stand->directory;
	stand->place.budget = budget_new(UINT64_C(1) << 30);
	stand->engine = &engine_sqlite;
	stand_open(stand);
	return stand;
}

static inline sqlite3 *
stand_handle(const struct stand *stand)
{
	return ((struct queue *)stand->self)->database->handle;
}

/* The first column of the first row; "" when there is none. */
static inline char *
stand_ask(const struct stand *stand, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	char *answer = NULL;

	assert_int_equal(
	    sqlite3_prepare_v2(stand_handle(stand), sql, -1, &statement, NULL),
	    SQLITE_OK);
	if (sqlite3_step(statement) == SQLITE_ROW)
		answer =
		    g_strdup((const char *)sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	return answer == NULL ? g_strdup("") : answer;
}

static inline void
stand_expect(const struct stand *stand, const char *sql, const char *expected)
{
	g_autofree char *answer = stand_ask(stand, sql);

	if (strcmp(answer, expected) != 0)
		print_error("%s\n", sql);
	assert_string_equal(answer, expected);
}

static inline void
stand_run(const struct stand *stand, const char *sql)
{
	assert_int_equal(
	    sqlite3_exec(stand_handle(stand), sql, NULL, NULL, NULL),
	    SQLITE_OK);
}

/* The name of the first invariant that is broken, or NULL; a new string. */
static inline char *
stand_broken(const struct stand *stand)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) parts = NULL;
	char *broken = NULL;

	assert_true(
	    g_file_get_contents("store/invariants.sql", &text, NULL, NULL));
	parts = g_strsplit(text, "-- invariant: ", -1);
	assert_true(g_strv_length(parts) > 20);
	for (unsigned i = 1; parts[i] != NULL && broken == NULL; i++) {
		char *sql = strchr(parts[i], '\n');
		sqlite3_stmt *statement = NULL;

		*sql++ = '\0';
		assert_int_equal(sqlite3_prepare_v2(stand_handle(stand), sql,
				     -1, &statement, NULL),
		    SQLITE_OK);
		if (sqlite3_step(statement) != SQLITE_DONE)
			broken = g_strdup(parts[i]);
		sqlite3_finalize(statement);
	}
	return broken;
}

static inline void
stand_check(const struct stand *stand)
{
	g_autofree char *broken = stand_broken(stand);

	if (broken != NULL)
		print_error("broken: %s\n", broken);
	assert_null(broken);
}

static inline void
stand_close(struct stand *stand)
{
	stand->engine->close(stand->self);
	stand->self = NULL;
}

static inline void
stand_free(struct stand *stand)
{
	GDir *directory;
	const char *name;

	if (stand->self != NULL) {
		stand_check(stand);
		stand_close(stand);
	}
	directory = g_dir_open(stand->directory, 0, NULL);
	while ((name = g_dir_read_name(directory)) != NULL) {
		g_autofree char *path =
		    g_build_filename(stand->directory, name, NULL);

		g_remove(path);
	}
	g_dir_close(directory);
	assert_int_equal(g_rmdir(stand->directory), 0);
	g_free(stand->directory);
	budget_free(stand->place.budget);
	g_free(stand);
}

/* A kill at this moment: the files as they are become those of another
 * stand. */
static inline struct stand *
stand_killed(const struct stand *stand)
{
	static const char *const names[] = { "queue.db", "queue.db-wal" };
	struct stand *other = stand_new();

	stand_close(other);
	other->mails = stand->mails;
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *from =
		    g_build_filename(stand->directory, names[i], NULL);
		g_autofree char *to =
		    g_build_filename(other->directory, names[i], NULL);
		g_autofree char *bytes = NULL;
		size_t length;

		assert_true(g_file_get_contents(from, &bytes, &length, NULL));
		assert_true(
		    g_file_set_contents(to, bytes, (gssize)length, NULL));
	}
	return other;
}

/* A mail from app@example.com with an id of its own, to 1@ ... of
 * example.org. */
static inline struct submission *
stand_mail(struct stand *stand, unsigned recipients)
{
	static const char bytes[] =
	    "From: app@example.com\r\nSubject: one\r\n\r\nHello\r\n";
	struct submission *submission =
	    sample_submission(bytes, sizeof bytes - 1);

	g_snprintf(
	    submission->id, sizeof submission->id, "%026u", ++stand->mails);
	g_ptr_array_set_size(submission->envelope->recipients, 0);
	for (unsigned i = 0; i < recipients; i++) {
		g_autofree char *address = g_strdup_printf("%u@example.org", i);

		envelope_add_recipient(
		    submission->envelope, sample_address(address));
	}
	submission->received_ms = 1000 + stand->mails;
	submission->listener = "main";
	return submission;
}

static inline void
stand_begin(struct stand *stand)
{
	assert_int_equal(stand->engine->begin(stand->self), ENGINE_OK);
}

static inline void
stand_commit(struct stand *stand)
{
	assert_int_equal(stand->engine->commit(stand->self), ENGINE_OK);
	stand_check(stand);
}

/* Keeps one and returns a message about it, as dispatch has it. */
static inline struct message *
stand_accept(struct stand *stand, unsigned recipients, bool active)
{
	static const struct parse_options options = {
		.hostname = "mail.example.com",
	};
	struct submission *submission = stand_mail(stand, recipients);

	stand_begin(stand);
	assert_int_equal(
	    stand->engine->accept(stand->self, submission, active, false),
	    ENGINE_OK);
	stand_commit(stand);
	return parse_message(submission, &options, NULL);
}

#endif
