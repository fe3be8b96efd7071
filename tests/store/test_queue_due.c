/* SPDX-License-Identifier: MIT */
#include "telling.h"

/* ---- what is due ---- */

static void
test_due(void **state)
{
	static const enum recipient_state waiting[] = { RECIPIENT_WAITING };
	struct stand *stand = stand_new();
	struct message *fresh = stand_accept(stand, 1, false);
	struct message *tried = stand_accept(stand, 1, true);
	struct journal *journal = make_entry(JOURNAL_LANDED, tried, waiting);
	int64_t next;
	bool finished;

	(void)state;
	journal->due_ms = 200000;
	journal->rounds = 1;
	journal->wakes = true;
	assert_int_equal(enter(stand, journal, &finished), ENGINE_OK);
	assert_int_equal(load_due(stand, true, 0), 1);
	assert_int_equal(load_due(stand, false, 0), 0);
	/* landed at the time of the clock */
	assert_int_equal(load_due(stand, false, 1000), 0);
	assert_int_equal(load_due(stand, false, INT64_MAX), 1);
	assert_int_equal(load_due(stand, true, INT64_MAX), 1);
	assert_int_equal(stand->engine->next(stand->self, &next), ENGINE_OK);
	assert_int_equal(next, 1001);
	submission_free(load(stand, fresh->submission->id));
	stand->engine->next(stand->self, &next);
	assert_int_equal(next, 200000);
	submission_free(load(stand, tried->submission->id));
	stand->engine->next(stand->self, &next);
	assert_int_equal(next, 0);
	assert_int_equal(load_due(stand, false, INT64_MAX), 0);
	message_unref(fresh);
	message_unref(tried);
	stand_free(stand);
}

/* ---- a clock that was set back ---- */

/* It is 5000 now, and nothing waits longer than 1000.  Of a mail tried or not:
 * when it is due, when it landed and until when its recipient waits, before
 * and after. */
static const struct {
	const char *name, *before, *after; /* due|landed|until */
	bool tried;
} waits[] = {
	{ "in time", "5500|4000|5400", "5500|4000|5400", true },
	{ "at the most", "6000|5000|6000", "6000|5000|6000", true },
	{ "beyond", "90000|80000|90000", "6000|4000|6000", true },
	{ "beyond, fresh", "90000|-|0", "6000|-|0", false },
	{ "landed alone", "5500|80000|0", "5500|4000|0", true },
	{ "past", "100|50|60", "100|50|60", true },
	{ "some of it past", "90000|50|60", "6000|50|60", true },
};

static void
set_wait(struct stand *stand, size_t i)
{
	g_auto(GStrv) parts = g_strsplit(waits[i].before, "|", 3);
	g_autofree char *mail = g_strdup_printf(
	    "UPDATE mail SET due = %s, landed = nullif('%s', '-'), rounds = %d",
	    parts[0], parts[1], waits[i].tried);
	g_autofree char *recipient =
	    g_strdup_printf("UPDATE recipient SET until = %s", parts[2]);

	stand_run(stand, mail);
	stand_run(stand, recipient);
}

static void
test_clamp(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(waits); i++) {
		struct stand *stand = stand_new();
		bool more = true;

		print_message("%s\n", waits[i].name);
		message_unref(stand_accept(stand, 1, false));
		set_wait(stand, i);
		stand_begin(stand);
		assert_int_equal(
		    stand->engine->clamp(stand->self, 5000, 1000, &more),
		    ENGINE_OK);
		stand_commit(stand);
		assert_false(more);
		stand_expect(stand,
		    "SELECT due || '|' || coalesce(landed, '-') || '|' || until"
		    " FROM mail JOIN recipient ON mail = mail.number",
		    waits[i].after);
		stand_free(stand);
	}
}

/* Active and held mails do not wait for a time; many come in slices. */
static void
test_clamp_many(void **state)
{
	struct stand *stand = stand_new();
	unsigned rounds = 0;
	bool more = true;

	(void)state;
	message_unref(stand_accept(stand, 1, true));
	stand_run(stand,
	    "WITH RECURSIVE n (i) AS (SELECT 11 UNION ALL"
	    " SELECT i + 1 FROM n WHERE i < 2510)"
	    " INSERT INTO mail (number, id, received, peer, repaired,"
	    " eightbit, declared, size, digest, header_end, header_start,"
	    " long_lines, folds, body_escapes, traits, in_file, report,"
	    " remaining, due, landed) SELECT i, printf('%026d', i), 1, '',"
	    " 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 60000 + i, 60000"
	    " FROM n");
	for (; more; rounds++) {
		stand_begin(stand);
		assert_int_equal(stand->engine->clamp(
				     stand->self, 5000 + rounds, 1000, &more),
		    ENGINE_OK);
		assert_int_equal(stand->engine->commit(stand->self), ENGINE_OK);
	}
	assert_int_equal(rounds, 3);
	stand_expect(stand,
	    "SELECT max(due) || '|' || max(landed) || '|' || count(due)"
	    " FROM mail",
	    "6002|4002|2500");
	stand_run(stand, "DELETE FROM mail WHERE number > 10");
	message_unref(stand_accept(stand, 1, true));
	stand_free(stand);
}

/* ---- no question reads the whole queue ---- */

static void
test_scans(void **state)
{
	struct stand *stand = stand_new();
	struct message *message = stand_accept(stand, 2, true);
	struct message *other = stand_accept(stand, 1, false);
	sqlite3_stmt *statement = NULL;
	int64_t next;
	bool in_file;

	(void)state;
	begin_attempt(stand, message, 1);
	load_due(stand, true, 5);
	load_due(stand, false, 5);
	stand->engine->next(stand->self, &next);
	stand->engine->has(stand->self, "x");
	stand_begin(stand);
	stand->engine->remove(stand->self, other->submission->id, &in_file);
	stand_commit(stand);
	while ((statement = sqlite3_next_stmt(
		    stand_handle(stand), statement)) != NULL) {
		const char *sql = sqlite3_sql(statement);

		if (sqlite3_stmt_status(
			statement, SQLITE_STMTSTATUS_FULLSCAN_STEP, 0) > 0 ||
		    sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_SORT, 0) >
			0)
			fail_msg("reads all rows: %s", sql);
	}
	message_unref(message);
	message_unref(other);
	stand_free(stand);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_due),
		cmocka_unit_test(test_clamp),
		cmocka_unit_test(test_clamp_many),
		cmocka_unit_test(test_scans),
	};

	parse_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
