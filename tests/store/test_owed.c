/* SPDX-License-Identifier: MIT */
/* Mails whose sender asked to be told of a success: they are not finished
 * before that report is kept, whatever is killed. */
#include "telling.h"

struct owed {
	const char *name;
	unsigned notify;
	bool null_sender, report, told;
	enum recipient_state state;
	bool comes_back; /* of one that was killed before it landed */
};

static const struct owed rows[] = {
	{ "asked", ENVELOPE_NOTIFY_SUCCESS, false, false, false,
	    RECIPIENT_ACCEPTED, true },
	{ "asked for more", 14, false, false, false, RECIPIENT_ACCEPTED, true },
	{ "told", ENVELOPE_NOTIFY_SUCCESS, false, false, true,
	    RECIPIENT_ACCEPTED, false },
	{ "did not ask", ENVELOPE_NOTIFY_FAILURE, false, false, false,
	    RECIPIENT_ACCEPTED, false },
	{ "nobody asked", ENVELOPE_NOTIFY_SUCCESS, true, false, false,
	    RECIPIENT_ACCEPTED, false },
	{ "a report of ours", ENVELOPE_NOTIFY_SUCCESS, false, true, false,
	    RECIPIENT_ACCEPTED, false },
	{ "refused", ENVELOPE_NOTIFY_SUCCESS, false, false, false,
	    RECIPIENT_REFUSED, false },
};

/* An active mail of one recipient, who came to that by an attempt. */
static struct message *
make(struct stand *stand, const struct owed *row)
{
	static const struct parse_options options = {
		.hostname = "mail.example.com",
	};
	struct submission *submission = stand_mail(stand, 1);
	struct envelope_wish wish = { .notify = row->notify };
	const struct verdict verdict = { .class = VERDICT_ACCEPTED };
	struct journal_attempt *attempt;
	struct message *message;
	struct journal *journal;
	bool finished;

	if (row->null_sender)
		g_clear_pointer(&submission->envelope->sender, address_free);
	submission->report = row->report;
	envelope_wish(submission->envelope, 0, &wish);
	stand_begin(stand);
	assert_int_equal(
	    stand->engine->accept(stand->self, submission, true, false),
	    ENGINE_OK);
	stand_commit(stand);
	message = parse_message(submission, &options, NULL);
	begin_attempt(stand, message, 1);
	journal = make_entry(JOURNAL_ENDED, message, &row->state);
	g_array_index(journal->recipients, struct journal_recipient, 0)
	    .is.told = row->told;
	attempt = make_attempt(1, 1);
	journal_attempt_end(attempt, 6000, 5120, &verdict);
	journal_add_attempt(journal, attempt);
	assert_int_equal(enter(stand, journal, &finished), ENGINE_OK);
	assert_false(finished);
	return message;
}

static unsigned
count_finished(struct stand *stand)
{
	g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);

	assert_int_equal(stand->engine->finished(stand->self, ids), ENGINE_OK);
	return ids->len;
}

/* Killed between the end of the attempt and the landing. */
static void
test_killed(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct stand *stand = stand_new(), *killed;
		struct message *message = make(stand, &rows[i]);

		print_message("%s\n", rows[i].name);
		killed = stand_killed(stand);
		stand_open(killed);
		stand_check(killed);
		assert_int_equal(
		    count_finished(killed), rows[i].comes_back ? 0 : 1);
		stand_expect(killed,
		    "SELECT count(*) FROM mail WHERE due IS NOT NULL",
		    rows[i].comes_back ? "1" : "0");
		if (rows[i].comes_back) {
			struct submission *loaded =
			    load(killed, message->submission->id);

			assert_int_equal(
			    loaded->known[0].state, RECIPIENT_ACCEPTED);
			assert_false(loaded->known[0].told);
			submission_free(loaded);
		}
		message_unref(message);
		stand_free(killed);
		stand_free(stand);
	}
}

static struct journal *
make_landing(struct message *message, bool told)
{
	struct recipient is = make_recipient(RECIPIENT_ACCEPTED);
	struct journal *journal = journal_new(JOURNAL_LANDED, message);

	is.told = told;
	journal_add_recipient(journal, 0, &is);
	journal->due_ms = told ? 0 : 7000;
	return journal;
}

/* It lands without the report, comes back, and lands with it. */
static void
test_landings(void **state)
{
	struct stand *stand = stand_new();
	struct message *message = make(stand, &rows[0]);
	const char *id = message->submission->id;
	struct submission *loaded;
	bool finished;

	(void)state;
	assert_int_equal(
	    enter(stand, make_landing(message, false), &finished), ENGINE_OK);
	assert_false(finished);
	assert_int_equal(count_finished(stand), 0);
	stand_expect(
	    stand, "SELECT due || ' ' || remaining FROM mail", "7000 0");
	assert_int_equal(load_due(stand, true, 0), 1);
	loaded = load(stand, id);
	assert_false(loaded->known[0].told);
	submission_free(loaded);
	assert_int_equal(
	    enter(stand, make_landing(message, true), &finished), ENGINE_OK);
	assert_true(finished);
	assert_int_equal(count_finished(stand), 1);
	stand_close(stand);
	stand_open(stand);
	assert_int_equal(count_finished(stand), 1);
	message_unref(message);
	stand_free(stand);
}

/* What a person does to one that only owes a report. */
static const struct {
	enum store_question question;
	const char *place;
	unsigned finished;
} acts[] = {
	{ STORE_RETRY, "waiting 9000", 0 },
	{ STORE_HOLD, "held", 0 },
	{ STORE_DROP, "active", 1 },
};

static void
test_acts(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(acts); i++) {
		struct stand *stand = stand_new();
		struct message *message = make(stand, &rows[0]);
		struct store_ask ask = { .question = acts[i].question,
			.id = message->submission->id,
			.who = "uid 0" };
		struct engine_act act = { .ask = &ask, .now_ms = 9000 };
		bool finished;

		act.finished = g_ptr_array_new_with_free_func(g_free);
		enter(stand, make_landing(message, false), &finished);
		stand_begin(stand);
		assert_int_equal(
		    stand->engine->act(stand->self, &act), ENGINE_OK);
		stand_commit(stand);
		assert_int_equal(act.finished->len, acts[i].finished);
		stand_expect(stand,
		    "SELECT iif(due IS NOT NULL, 'waiting ' || due,"
		    " iif(hold IS NOT NULL, 'held', 'active')) FROM mail",
		    acts[i].place);
		g_ptr_array_unref(act.finished);
		store_ask_clear(&ask);
		message_unref(message);
		stand_free(stand);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_landings),
		cmocka_unit_test(test_acts),
	};

	parse_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
