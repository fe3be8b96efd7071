/* SPDX-License-Identifier: MIT */
/* Resends in the database: who is known by which key, and until when. */
#include "telling.h"

/* A mail of two recipients with this key. */
static struct submission *
make(struct stand *stand, const char *key)
{
	struct submission *submission = stand_mail(stand, 2);

	submission->resend_key = g_strdup(key);
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

/* Of whom it is a resend, as "first,first" with - for nobody; frees it. */
static void
expect_known(
    struct stand *stand, struct submission *submission, const char *expected)
{
	unsigned count = submission->envelope->recipients->len;
	g_auto(GStrv) ids = g_new0(char *, count + 1);
	g_autoptr(GString) have = g_string_new(NULL);

	assert_int_equal(
	    stand->engine->resends(stand->self, submission, ids), ENGINE_OK);
	for (unsigned i = 0; i < count; i++) {
		g_string_append_printf(have, "%s%s", i > 0 ? "," : "",
		    ids[i] == NULL ? "-" : ids[i] + ID_LENGTH - 1);
		if (ids[i] == NULL)
			ids[i] = g_strdup("");
	}
	assert_string_equal(have->str, expected);
	submission_free(submission);
}

static struct submission *
with_sender(struct submission *submission, const char *sender)
{
	g_clear_pointer(&submission->envelope->sender, address_free);
	if (sender != NULL)
		submission->envelope->sender = sample_address(sender);
	return submission;
}

static struct submission *
with_body(struct submission *submission, const char *bytes)
{
	spool_unref(submission->spool);
	sample_feed(submission, bytes, strlen(bytes));
	return submission;
}

static struct submission *
with_third(struct submission *submission)
{
	envelope_add_recipient(
	    submission->envelope, sample_address("third@example.org"));
	return submission;
}

static void
test_key(void **state)
{
	struct stand *stand = stand_new();
	char id[ID_LENGTH + 1];

	(void)state;
	expect_known(stand, make(stand, "a"), "-,-");
	keep(stand, make(stand, "a"), id); /* number 2 */
	expect_known(stand, make(stand, "a"), "2,2");
	expect_known(stand, with_third(make(stand, "a")), "2,2,-");
	expect_known(stand, make(stand, "b"), "-,-");
	expect_known(
	    stand, with_sender(make(stand, "a"), "b@example.com"), "-,-");
	expect_known(stand, with_sender(make(stand, "a"), NULL), "-,-");
	expect_known(stand, with_body(make(stand, "a"), "x"), "-,-");
	/* no text runs into the next */
	expect_known(
	    stand, with_sender(make(stand, "aapp@example.com"), NULL), "-,-");
	stand_free(stand);
}

static void
test_no_key(void **state)
{
	struct stand *stand = stand_new();

	(void)state;
	message_unref(stand_accept(stand, 2, true));
	stand_expect(stand, "SELECT count(*) FROM resend", "0");
	stand_free(stand);
}

/* What was not committed was not. */
static void
test_same_transaction(void **state)
{
	struct stand *stand = stand_new(), *killed;
	struct submission *first = make(stand, "a");

	(void)state;
	stand_begin(stand);
	assert_int_equal(
	    stand->engine->accept(stand->self, first, true, false), ENGINE_OK);
	expect_known(stand, make(stand, "a"), "1,1");
	stand->engine->rollback(stand->self);
	expect_known(stand, make(stand, "a"), "-,-");
	stand_begin(stand);
	assert_int_equal(
	    stand->engine->accept(stand->self, first, true, false), ENGINE_OK);
	killed = stand_killed(stand);
	stand_open(killed);
	expect_known(killed, make(killed, "a"), "-,-");
	stand_free(killed);
	stand_commit(stand);
	killed = stand_killed(stand);
	stand_open(killed);
	expect_known(killed, make(killed, "a"), "1,1");
	stand_free(killed);
	submission_free(first);
	stand_free(stand);
}

static void
land(struct stand *stand, const char *id, enum recipient_state first,
    enum recipient_state second)
{
	struct message *message = sample_message("Subject: x\n\n");
	struct journal *journal = journal_new(JOURNAL_LANDED, message);
	const enum recipient_state states[] = { first, second };
	bool finished;

	g_strlcpy(message->submission->id, id, ID_LENGTH + 1);
	for (unsigned i = 0; i < G_N_ELEMENTS(states); i++) {
		struct recipient is = { .state = states[i],
			.provider = (char *)"one",
			.until_ms = 1 };

		journal_add_recipient(journal, i, &is);
	}
	journal->due_ms = 5000;
	if (recipient_is_final(first) && recipient_is_final(second))
		journal->due_ms = 0;
	stand_begin(stand);
	assert_int_equal(
	    stand->engine->enter(stand->self, journal, false, &finished),
	    ENGINE_OK);
	stand_commit(stand);
	journal_free(journal);
	message_unref(message);
}

/* What the first one came to. */
static const struct {
	const char *name;
	enum recipient_state first, second;
	const char *known;
} landings[] = {
	{ "both accepted", RECIPIENT_ACCEPTED, RECIPIENT_ACCEPTED, "1,1" },
	{ "one refused", RECIPIENT_REFUSED, RECIPIENT_ACCEPTED, "-,1" },
	{ "one dropped", RECIPIENT_WAITING, RECIPIENT_DROPPED, "1,-" },
	{ "one in doubt, one waits", RECIPIENT_DOUBT, RECIPIENT_WAITING,
	    "1,1" },
	{ "one held", RECIPIENT_HELD, RECIPIENT_REFUSED, "1,-" },
	{ "both refused", RECIPIENT_REFUSED, RECIPIENT_REFUSED, "-,-" },
};

static void
test_landings(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(landings); i++) {
		struct stand *stand = stand_new();
		char id[ID_LENGTH + 1];

		print_message("%s\n", landings[i].name);
		keep(stand, make(stand, "a"), id);
		land(stand, id, landings[i].first, landings[i].second);
		expect_known(stand, make(stand, "a"), landings[i].known);
		stand_free(stand);
	}
}

/* Refused in the first, and sent again: the second is the first of it. */
static void
test_second(void **state)
{
	struct stand *stand = stand_new();
	char first[ID_LENGTH + 1], second[ID_LENGTH + 1];

	(void)state;
	keep(stand, make(stand, "a"), first);
	land(stand, first, RECIPIENT_REFUSED, RECIPIENT_WAITING);
	keep(stand, make(stand, "a"), second);
	expect_known(stand, make(stand, "a"), "2,2");
	stand_free(stand);
}

static void
test_dropped(void **state)
{
	struct stand *stand = stand_new();
	struct store_ask ask = { .question = STORE_DROP, .who = "uid 0" };
	struct engine_act act = { .ask = &ask, .now_ms = 9000, .most = 10 };
	char id[ID_LENGTH + 1];

	(void)state;
	keep(stand, make(stand, "a"), id);
	land(stand, id, RECIPIENT_ACCEPTED, RECIPIENT_WAITING);
	ask.id = id;
	act.finished = g_ptr_array_new_with_free_func(g_free);
	stand_begin(stand);
	assert_int_equal(stand->engine->act(stand->self, &act), ENGINE_OK);
	stand_commit(stand);
	assert_int_equal(act.finished->len, 1);
	g_ptr_array_unref(act.finished);
	store_ask_clear(&ask);
	expect_known(stand, make(stand, "a"), "1,-");
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

/* One that is finished stays known; one that was taken back does not. */
static void
test_removed(void **state)
{
	struct stand *stand = stand_new();
	char first[ID_LENGTH + 1], second[ID_LENGTH + 1];

	(void)state;
	keep(stand, make(stand, "a"), first);
	land(stand, first, RECIPIENT_ACCEPTED, RECIPIENT_ACCEPTED);
	remove_mail(stand, first);
	stand_expect(stand, "SELECT count(*) FROM mail", "0");
	expect_known(stand, make(stand, "a"), "1,1");
	keep(stand, make(stand, "b"), second);
	remove_mail(stand, second);
	expect_known(stand, make(stand, "b"), "-,-");
	expect_known(stand, make(stand, "a"), "1,1");
	stand_free(stand);
}

/* The oldest go first, so many at a time; who was received then stays. */
static void
test_forget(void **state)
{
	struct stand *stand = stand_new();
	char id[ID_LENGTH + 1];
	bool more;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		g_autofree char *key = g_strdup_printf("%u", i);

		keep(stand, make(stand, key), id); /* received at 1001 + i */
	}
	stand_begin(stand);
	assert_int_equal(
	    stand->engine->forget(stand->self, 1003, 3, &more), ENGINE_OK);
	assert_true(more);
	stand_commit(stand);
	stand_expect(stand, "SELECT count(*) FROM resend", "3");
	expect_known(stand, make(stand, "0"), "-,-");
	stand_begin(stand);
	assert_int_equal(
	    stand->engine->forget(stand->self, 1003, 3, &more), ENGINE_OK);
	assert_false(more);
	stand_commit(stand);
	expect_known(stand, make(stand, "1"), "-,-");
	expect_known(stand, make(stand, "2"), "3,3");
	stand_free(stand);
}

/* Neither look nor sweep goes through the table. */
static void
test_indexes(void **state)
{
	static const char *const plans[] = {
		"SELECT at, mail FROM resend WHERE key = x'00'",
		"SELECT key FROM resend WHERE at < 5 ORDER BY at LIMIT 3",
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
		cmocka_unit_test(test_landings),
		cmocka_unit_test(test_second),
		cmocka_unit_test(test_dropped),
		cmocka_unit_test(test_removed),
		cmocka_unit_test(test_forget),
		cmocka_unit_test(test_indexes),
	};

	parse_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
