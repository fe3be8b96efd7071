/* SPDX-License-Identifier: MIT */
/* What dispatch notes: counts, lines of a story, how providers are. */
#include "telling.h"

#define TOTALS                                                         \
	"SELECT doubts_seen || ' ' || resolved || ' ' || possible || " \
	"' ' || confirmed FROM total"

static struct journal *
make_noted(enum journal_kind kind, struct message *message)
{
	static const enum recipient_state states[] = { RECIPIENT_OPEN };
	static const enum recipient_state ended[] = { RECIPIENT_ACCEPTED };
	struct verdict verdict = { .class = VERDICT_ACCEPTED };
	struct journal_attempt *attempt;
	struct journal *journal;

	if (kind == JOURNAL_NOTED)
		return journal_new(kind, NULL);
	journal =
	    make_entry(kind, message, kind == JOURNAL_BEGUN ? states : ended);
	if (kind == JOURNAL_LANDED)
		return journal;
	attempt = make_attempt(1, 1);
	if (kind != JOURNAL_BEGUN)
		journal_attempt_end(attempt, 6000, 1, &verdict);
	journal_add_attempt(journal, attempt);
	return journal;
}

/* In the order of a mail's road; each adds to the totals and to the story. */
static const struct {
	const char *name;
	enum journal_kind kind;
	struct journal_counts counts;
	const char *totals;
	const char *acts; /* of the first mail */
} rows[] = {
	{ "an attempt begins", JOURNAL_BEGUN, { 0, 0, 2, 0 }, "0 0 2 0", "1" },
	{ "it ends", JOURNAL_ENDED, { 3, 0, 0, 0 }, "3 0 2 0", "2" },
	{ "the mail lands", JOURNAL_LANDED, { 0, 4, 0, 0 }, "3 4 2 0", "3" },
	{ "of no mail", JOURNAL_NOTED, { 1, 0, 0, 5 }, "4 4 2 5", "3" },
	{ "it was never queued", JOURNAL_PASSED, { 1, 1, 1, 1 }, "5 5 3 6",
	    "3" },
};

static void
test_entries(void **state)
{
	struct stand *stand = stand_new();
	struct message *message = stand_accept(stand, 1, true);
	bool finished;

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct journal *journal = make_noted(rows[i].kind, message);

		print_message("%s\n", rows[i].name);
		journal->counts = rows[i].counts;
		if (rows[i].kind != JOURNAL_NOTED)
			journal_add_note(
			    journal, 7000 + (int64_t)i, g_strdup("said so"));
		assert_int_equal(enter(stand, journal, &finished), ENGINE_OK);
		stand_expect(stand, TOTALS, rows[i].totals);
		stand_expect(stand, "SELECT count(*) FROM act", rows[i].acts);
	}
	stand_expect(stand,
	    "SELECT group_concat(mail || at || what || who) FROM act",
	    "17000said sopostferry,17001said sopostferry,"
	    "17002said sopostferry");
	message_unref(message);
	stand_free(stand);
}

/* A mail that is taken brings its story along. */
static void
test_taken(void **state)
{
	struct stand *stand = stand_new();
	struct message *message = stand_accept(stand, 1, true);
	struct journal *journal = make_noted(JOURNAL_TAKEN, message);
	bool finished, in_file;

	(void)state;
	stand_begin(stand);
	stand->engine->remove(stand->self, message->submission->id, &in_file);
	stand_commit(stand);
	journal->counts.doubts = 1;
	journal_add_note(journal, 7000, g_strdup("one"));
	journal_add_note(journal, 7001, g_strdup("two"));
	assert_int_equal(enter(stand, journal, &finished), ENGINE_OK);
	stand_expect(stand, TOTALS, "1 0 0 0");
	stand_expect(stand, "SELECT group_concat(what) FROM act", "one,two");
	message_unref(message);
	stand_free(stand);
}

/* Nothing of a transaction that was rolled back is counted. */
static void
test_rolled_back(void **state)
{
	struct stand *stand = stand_new();
	struct journal *journal = journal_new(JOURNAL_NOTED, NULL);
	bool finished;

	(void)state;
	journal->counts.doubts = 7;
	journal_add_state(journal, "mailgun", "open");
	stand_begin(stand);
	assert_int_equal(
	    stand->engine->enter(stand->self, journal, false, &finished),
	    ENGINE_OK);
	stand->engine->rollback(stand->self);
	stand_begin(stand);
	stand_commit(stand);
	stand_expect(stand, TOTALS, "0 0 0 0");
	stand_expect(stand, "SELECT count(*) FROM provider", "0");
	journal_free(journal);
	stand_free(stand);
}

static char *
list_states(struct stand *stand)
{
	g_autoptr(GPtrArray) states =
	    g_ptr_array_new_with_free_func(journal_state_free);
	GString *text = g_string_new(NULL);

	assert_int_equal(stand->engine->states(stand->self, states), ENGINE_OK);
	for (unsigned i = 0; i < states->len; i++) {
		const struct journal_state *one = states->pdata[i];

		g_string_append_printf(
		    text, "%s=%s;", one->provider, one->text);
	}
	return g_string_free(text, FALSE);
}

/* What was said last of each is found again, after a kill too. */
static void
test_states(void **state)
{
	static const char *const said[][2] = { { "mandrill", "paused 9000" },
		{ "mailgun", "open" }, { "mandrill", "open 2" } };
	struct stand *stand = stand_new();
	struct stand *killed;
	bool finished;

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(said); i++) {
		struct journal *journal = journal_new(JOURNAL_NOTED, NULL);

		journal_add_state(journal, said[i][0], said[i][1]);
		assert_int_equal(enter(stand, journal, &finished), ENGINE_OK);
	}
	killed = stand_killed(stand);
	stand_open(killed);
	g_autofree char *found = list_states(killed);
	assert_string_equal(found, "mailgun=open;mandrill=open 2;");
	stand_free(killed);
	stand_free(stand);
}

/* How long and how often its provider was asked is known to who loads the mail
 * and to who asks for it. */
static void
test_doubt(void **state)
{
	struct recipient is = make_recipient(RECIPIENT_DOUBT);
	struct stand *stand = stand_new();
	struct message *message = stand_accept(stand, 1, true);
	const char *id = message->submission->id;
	struct journal *journal = journal_new(JOURNAL_LANDED, message);
	struct store_ask ask = { .question = STORE_MAIL, .id = id };
	const struct store_recipient *told;
	struct submission *loaded;
	bool finished;

	(void)state;
	is.since_ms = 5000;
	is.asks = 3;
	is.absent_ms = 8000;
	journal_add_recipient(journal, 0, &is);
	journal->due_ms = 9000;
	assert_int_equal(enter(stand, journal, &finished), ENGINE_OK);
	assert_int_equal(stand->engine->ask(stand->self, &ask), ENGINE_OK);
	told = ((struct store_mail *)ask.mails->pdata[0])->recipients->pdata[0];
	assert_int_equal(told->is.since_ms, 5000);
	assert_int_equal(told->is.asks, 3);
	assert_int_equal(told->is.absent_ms, 8000);
	store_ask_clear(&ask);
	loaded = load(stand, id);
	assert_int_equal(loaded->known[0].since_ms, 5000);
	assert_int_equal(loaded->known[0].asks, 3);
	assert_int_equal(loaded->known[0].absent_ms, 8000);
	submission_free(loaded);
	message_unref(message);
	stand_free(stand);
}

/* What a crash leaves in doubt is in doubt since its attempt began, and one
 * doubt more was seen for each recipient. */
static void
test_killed(void **state)
{
	struct stand *stand = stand_new();
	struct message *message = stand_accept(stand, 2, true);
	struct stand *killed;

	(void)state;
	begin_attempt(stand, message, 1);
	killed = stand_killed(stand);
	stand_open(killed);
	stand_expect(killed,
	    "SELECT group_concat(state || ' ' || since || ' ' || asks)"
	    " FROM recipient",
	    "4 5000 0,4 5000 0");
	stand_expect(killed, TOTALS, "2 0 0 0");
	stand_free(killed);
	message_unref(message);
	stand_free(stand);
}

static void
try_once(struct stand *stand, struct message *message, unsigned number)
{
	static const enum recipient_state waits[] = { RECIPIENT_WAITING };
	struct journal *journal = make_entry(JOURNAL_ENDED, message, waits);
	struct journal_attempt *attempt = make_attempt(number, 1);
	const struct verdict verdict = {
		.class = number == 50 ? VERDICT_DOUBT : VERDICT_PAYLOAD,
	};
	bool finished;

	begin_attempt(stand, message, number);
	journal_attempt_end(attempt, 6000, 1, &verdict);
	journal_add_attempt(journal, attempt);
	journal_add_note(journal, 1, g_strdup_printf("note %u", number));
	assert_int_equal(enter(stand, journal, &finished), ENGINE_OK);
}

/* One that is tried for months: its story does not grow without end, what
 * people did and what ended in doubt stays. */
static void
test_long_story(void **state)
{
	struct stand *stand = stand_new();
	struct message *message = stand_accept(stand, 1, true);

	(void)state;
	for (unsigned i = 1; i <= 100; i++)
		try_once(stand, message, i);
	stand_expect(stand,
	    "SELECT count(*) || ' ' || (SELECT count(*) FROM act)"
	    " FROM attempt",
	    "100 100");
	stand_run(stand, "INSERT INTO act (mail, at, what, who)"
			 " VALUES (1, 7, 'hold', 'uid 1000')");
	for (unsigned i = 101; i <= 300; i++)
		try_once(stand, message, i);
	stand_check(stand);
	stand_expect(stand,
	    "SELECT group_concat(number) FROM (SELECT number FROM attempt"
	    " ORDER BY number LIMIT 3 OFFSET 19)",
	    "20,50,221");
	stand_expect(stand,
	    "SELECT count(*) || ' ' || max(number) FROM attempt", "101 300");
	stand_expect(stand,
	    "SELECT group_concat(what, '|') FROM (SELECT what FROM act"
	    " ORDER BY number LIMIT 4 OFFSET 19)",
	    "note 20|(notes are left out here: of many the first and the last "
	    "are kept)|hold|note 221");
	stand_expect(stand, "SELECT count(*) FROM act", "102");
	message_unref(message);
	stand_free(stand);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_rolled_back),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_doubt),
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_long_story),
	};

	parse_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
