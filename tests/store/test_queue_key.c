/* SPDX-License-Identifier: MIT */
/* Idempotency keys in the database: whose mail they are of, until when. */
#include "telling.h"

static struct submission *
make(struct stand *stand, const char *key, const char *digest)
{
	struct submission *submission = stand_mail(stand, 2);

	submission->idempotency_key = g_strdup(key);
	submission->idempotency_digest = g_strdup(digest);
	return submission;
}

/* Keeps it, and frees it; its id into out. */
static void
keep(struct stand *stand, struct submission *submission, char *out)
{
	g_strlcpy(out, submission->id, ID_LENGTH + 1);
	stand_begin(stand);
	assert_int_equal(
	    stand->engine->accept(stand->self, submission, true, false),
	    ENGINE_OK);
	stand_commit(stand);
	submission_free(submission);
}

/* Whose key it is: "1 alike 1001", "1 other 1001", "-"; frees it. */
static void
expect_keyed(
    struct stand *stand, struct submission *submission, const char *expected)
{
	struct engine_keyed keyed = { 0 };
	g_autofree char *have = NULL;

	assert_int_equal(
	    stand->engine->keyed(stand->self, submission, &keyed), ENGINE_OK);
	if (keyed.id != NULL)
		have = g_strdup_printf("%s %s %" G_GINT64_FORMAT,
		    keyed.id + ID_LENGTH - 1, keyed.alike ? "alike" : "other",
		    keyed.at_ms);
	assert_string_equal(have != NULL ? have : "-", expected);
	g_free(keyed.id);
	submission_free(submission);
}

static void
test_key(void **state)
{
	struct stand *stand = stand_new();
	char id[ID_LENGTH + 1];

	(void)state;
	expect_keyed(stand, make(stand, "a", "x"), "-");
	keep(stand, make(stand, "a", "x"), id); /* number 2 */
	expect_keyed(stand, make(stand, "a", "x"), "2 alike 1002");
	expect_keyed(stand, make(stand, "a", "y"), "2 other 1002");
	expect_keyed(stand, make(stand, "b", "x"), "-");
	stand_free(stand);
}

static void
test_no_key(void **state)
{
	struct stand *stand = stand_new();

	(void)state;
	message_unref(stand_accept(stand, 2, true));
	stand_expect(stand, "SELECT count(*) FROM idempotency", "0");
	stand_free(stand);
}

/* What was not committed was not. */
static void
test_same_transaction(void **state)
{
	struct stand *stand = stand_new(), *killed;
	struct submission *first = make(stand, "a", "x");

	(void)state;
	stand_begin(stand);
	assert_int_equal(
	    stand->engine->accept(stand->self, first, true, false), ENGINE_OK);
	expect_keyed(stand, make(stand, "a", "x"), "1 alike 1001");
	killed = stand_killed(stand);
	stand_open(killed);
	expect_keyed(killed, make(killed, "a", "x"), "-");
	stand_free(killed);
	stand_commit(stand);
	killed = stand_killed(stand);
	stand_open(killed);
	expect_keyed(killed, make(killed, "a", "x"), "1 alike 1001");
	stand_free(killed);
	submission_free(first);
	stand_free(stand);
}

static void
remove_mail(struct stand *stand, const char *id)
{
	bool in_file;

	stand_begin(stand);
	assert_int_equal(
	    stand->engine->remove(stand->self, id, &in_file), ENGINE_OK);
	stand_commit(stand);
}

/* Everybody is refused. */
static void
finish(struct stand *stand, const char *id)
{
	struct message *message = sample_message("Subject: x\n\n");
	struct journal *journal = journal_new(JOURNAL_LANDED, message);
	struct recipient is = { .state = RECIPIENT_REFUSED,
		.provider = (char *)"one" };
	bool finished = false;

	g_strlcpy(message->submission->id, id, ID_LENGTH + 1);
	journal_add_recipient(journal, 0, &is);
	journal_add_recipient(journal, 1, &is);
	assert_int_equal(enter(stand, journal, &finished), ENGINE_OK);
	assert_true(finished);
	message_unref(message);
}

/* One that is finished keeps its key; one that was taken back does not, and
 * takes no other's along. */
static void
test_removed(void **state)
{
	struct stand *stand = stand_new();
	char first[ID_LENGTH + 1], second[ID_LENGTH + 1];

	(void)state;
	keep(stand, make(stand, "a", "x"), first);
	finish(stand, first);
	remove_mail(stand, first);
	stand_expect(stand, "SELECT count(*) FROM mail", "0");
	expect_keyed(stand, make(stand, "a", "x"), "1 alike 1001");
	keep(stand, make(stand, "b", "x"), second);
	remove_mail(stand, second);
	expect_keyed(stand, make(stand, "b", "x"), "-");
	expect_keyed(stand, make(stand, "a", "x"), "1 alike 1001");
	stand_free(stand);
}

/* A key that was too old is another mail's from then on. */
static void
test_second(void **state)
{
	struct stand *stand = stand_new();
	char first[ID_LENGTH + 1], second[ID_LENGTH + 1];

	(void)state;
	keep(stand, make(stand, "a", "x"), first);
	keep(stand, make(stand, "a", "y"), second);
	expect_keyed(stand, make(stand, "a", "y"), "2 alike 1002");
	remove_mail(stand, first);
	expect_keyed(stand, make(stand, "a", "y"), "2 alike 1002");
	stand_free(stand);
}

/* The oldest go first, so many at a time. */
static void
test_forget(void **state)
{
	struct stand *stand = stand_new();
	char id[ID_LENGTH + 1];
	bool more;

	(void)state;
	keep(stand, make(stand, "a", "x"), id);
	keep(stand, make(stand, "b", "x"), id);
	keep(stand, make(stand, "c", "x"), id);
	stand_begin(stand);
	assert_int_equal(
	    stand->engine->forget_keys(stand->self, 1003, 1, &more), ENGINE_OK);
	assert_true(more);
	expect_keyed(stand, make(stand, "a", "x"), "-");
	expect_keyed(stand, make(stand, "b", "x"), "2 alike 1002");
	assert_int_equal(
	    stand->engine->forget_keys(stand->self, 1003, 2, &more), ENGINE_OK);
	assert_false(more);
	stand_commit(stand);
	expect_keyed(stand, make(stand, "b", "x"), "-");
	expect_keyed(stand, make(stand, "c", "x"), "3 alike 1003");
	stand_free(stand);
}

/* Neither look, sweep nor removal goes through a table. */
static void
test_indexes(void **state)
{
	static const char *const plans[] = {
		"SELECT at, mail, digest FROM idempotency WHERE key = x'00'",
		"SELECT key FROM idempotency WHERE at < 5 ORDER BY at LIMIT 3",
		"SELECT i.key FROM mail AS m JOIN idempotency AS i"
		" ON i.at = m.received WHERE m.number = 1 AND i.mail = m.id",
	};
	struct stand *stand = stand_new();

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(plans); i++) {
		g_autofree char *sql =
		    g_strconcat("EXPLAIN QUERY PLAN ", plans[i], NULL);
		sqlite3_stmt *statement = NULL;

		assert_int_equal(sqlite3_prepare_v2(stand_handle(stand), sql,
				     -1, &statement, NULL),
		    SQLITE_OK);
		while (sqlite3_step(statement) == SQLITE_ROW) {
			const char *detail =
			    (const char *)sqlite3_column_text(statement, 3);

			assert_true(g_str_has_prefix(detail, "SEARCH"));
		}
		sqlite3_finalize(statement);
	}
	stand_free(stand);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key),
		cmocka_unit_test(test_no_key),
		cmocka_unit_test(test_same_transaction),
		cmocka_unit_test(test_removed),
		cmocka_unit_test(test_second),
		cmocka_unit_test(test_forget),
		cmocka_unit_test(test_indexes),
	};

	parse_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
