/* SPDX-License-Identifier: MIT */
#include "telling.h"

/* ---- the road of a mail ---- */

static void
test_finished(void **state)
{
	static const enum recipient_state accepted[] = { RECIPIENT_ACCEPTED,
		RECIPIENT_ACCEPTED };
	struct stand *stand = stand_new();
	struct message *message = stand_accept(stand, 2, true);
	const char *id = message->submission->id;
	GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
	bool finished, in_file;

	(void)state;
	begin_attempt(stand, message, 1);
	assert_int_equal(end_attempt(stand, message, 1, accepted), ENGINE_OK);
	assert_int_equal(
	    enter(stand, make_entry(JOURNAL_LANDED, message, accepted),
		&finished),
	    ENGINE_OK);
	assert_true(finished);
	assert_int_equal(stand->engine->finished(stand->self, ids), ENGINE_OK);
	assert_int_equal(ids->len, 1);
	assert_string_equal(g_ptr_array_index(ids, 0), id);
	stand_begin(stand);
	assert_int_equal(
	    stand->engine->remove(stand->self, id, &in_file), ENGINE_OK);
	assert_false(in_file);
	stand_commit(stand);
	stand_expect(stand, "SELECT count(*) FROM recipient", "0");
	stand_expect(stand, "SELECT count(*) FROM attempt", "0");
	stand_expect(stand, "SELECT count(*) FROM body", "0");
	stand_expect(
	    stand, "SELECT accepted || ' ' || settled FROM total", "2 2");
	g_ptr_array_unref(ids);
	message_unref(message);
	stand_free(stand);
}

/* Where a landing leaves a mail of two recipients. */
static const struct {
	const char *name;
	enum recipient_state states[2];
	int64_t due_ms;
	bool wakes;
	const char *hold;
	const char *place; /* due, woken, hold; remaining */
	bool finished;
} landings[] = {
	{ "all accepted", { RECIPIENT_ACCEPTED, RECIPIENT_ACCEPTED }, 0, false,
	    NULL, "- - - 0", true },
	{ "accepted and refused", { RECIPIENT_ACCEPTED, RECIPIENT_REFUSED }, 0,
	    false, NULL, "- - - 0", true },
	{ "all wait", { RECIPIENT_WAITING, RECIPIENT_WAITING }, 7000, false,
	    NULL, "7000 - - 2", false },
	{ "one waits for a provider", { RECIPIENT_ACCEPTED, RECIPIENT_WAITING },
	    7000, true, NULL, "7000 woken - 1", false },
	{ "a doubt is waited out", { RECIPIENT_DOUBT, RECIPIENT_ACCEPTED },
	    9000, false, NULL, "9000 - - 1", false },
	{ "held", { RECIPIENT_WAITING, RECIPIENT_WAITING }, 0, false, "poison",
	    "- - poison 2", false },
	{ "held, not due", { RECIPIENT_WAITING, RECIPIENT_WAITING }, 7000, true,
	    "poison", "- - poison 2", false },
	{ "a held recipient alone", { RECIPIENT_HELD, RECIPIENT_ACCEPTED }, 0,
	    false, NULL,
	    "- - a recipient is held: show the mail, then release or drop it"
	    " 1",
	    false },
	{ "a held recipient waits with another",
	    { RECIPIENT_HELD, RECIPIENT_WAITING }, 7000, false, NULL,
	    "7000 - - 2", false },
	{ "nothing left to hold", { RECIPIENT_REFUSED, RECIPIENT_ACCEPTED }, 0,
	    false, "poison", "- - - 0", true },
};

static void
test_landings(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(landings); i++) {
		struct stand *stand = stand_new();
		struct message *message = stand_accept(stand, 2, true);
		struct journal *journal =
		    make_entry(JOURNAL_LANDED, message, landings[i].states);
		bool finished;

		print_message("%s\n", landings[i].name);
		journal->due_ms = landings[i].due_ms;
		journal->wakes = landings[i].wakes;
		journal->hold = landings[i].hold;
		journal->rounds = 3;
		journal->warned = true;
		assert_int_equal(enter(stand, journal, &finished), ENGINE_OK);
		assert_int_equal(finished, landings[i].finished);
		stand_expect(stand,
		    "SELECT coalesce(due, '-') || ' ' ||"
		    " iif(landed IS NULL, '-', 'woken') || ' ' ||"
		    " coalesce(hold, '-') || ' ' || remaining FROM mail",
		    landings[i].place);
		stand_expect(stand, "SELECT rounds || warned FROM mail", "31");
		message_unref(message);
		stand_free(stand);
	}
}

/* A mail that should go on but was given no time is due at once. */
static void
test_landed_without_time(void **state)
{
	static const enum recipient_state waiting[] = { RECIPIENT_WAITING };
	struct stand *stand = stand_new();
	struct message *message = stand_accept(stand, 1, true);
	bool finished;

	(void)state;
	assert_int_equal(
	    enter(
		stand, make_entry(JOURNAL_LANDED, message, waiting), &finished),
	    ENGINE_OK);
	assert_false(finished);
	stand_expect(stand, "SELECT due > 1600000000000 FROM mail", "1");
	message_unref(message);
	stand_free(stand);
}

/* A recipient that is final stays what it is, whatever an entry says. */
static void
test_final_stays(void **state)
{
	static const enum recipient_state final[] = { RECIPIENT_ACCEPTED,
		RECIPIENT_REFUSED };
	static const enum recipient_state again[] = { RECIPIENT_WAITING,
		RECIPIENT_ACCEPTED };
	struct stand *stand = stand_new();
	struct message *message = stand_accept(stand, 2, true);
	bool finished;

	(void)state;
	for (int round = 0; round < 2; round++)
		assert_int_equal(enter(stand,
				     make_entry(JOURNAL_LANDED, message,
					 round == 0 ? final : again),
				     &finished),
		    ENGINE_OK);
	assert_true(finished);
	stand_expect(stand, "SELECT group_concat(state) FROM recipient", "2,3");
	message_unref(message);
	stand_free(stand);
}

/* Entries about mails that dispatch does not have change nothing. */
static void
test_absent(void **state)
{
	static const enum recipient_state waiting[] = { RECIPIENT_WAITING };
	static const enum journal_kind kinds[] = { JOURNAL_BEGUN, JOURNAL_ENDED,
		JOURNAL_LANDED };
	struct stand *stand = stand_new();
	struct message *other = stand_accept(stand, 1, false);
	struct message *message = stand_accept(stand, 1, true);
	struct submission *submission;
	bool finished, in_file;

	(void)state;
	assert_int_equal(
	    end_attempt(stand, message, 1, waiting), ENGINE_ABSENT);
	g_strlcpy(message->submission->id, "00000000000000000000000099",
	    sizeof message->submission->id);
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		struct message *about[] = { message, other };

		for (size_t j = 0; j < G_N_ELEMENTS(about); j++) {
			struct journal *journal =
			    make_entry(kinds[i], about[j], waiting);

			journal_add_attempt(journal, make_attempt(1, 1));
			assert_int_equal(
			    enter(stand, journal, &finished), ENGINE_ABSENT);
		}
	}
	stand_begin(stand);
	assert_int_equal(
	    stand->engine->load(stand->self, "nobody", &submission),
	    ENGINE_ABSENT);
	assert_int_equal(stand->engine->remove(stand->self, "nobody", &in_file),
	    ENGINE_ABSENT);
	stand_commit(stand);
	stand_expect(stand, "SELECT count(*) FROM attempt", "0");
	stand_expect(stand, "SELECT active || waiting FROM total", "11");
	message_unref(message);
	message_unref(other);
	stand_free(stand);
}

/* ---- a mail whose client waited for a provider ---- */

static void
test_taken(void **state)
{
	static const enum recipient_state states[] = { RECIPIENT_ACCEPTED,
		RECIPIENT_OPEN, RECIPIENT_DOUBT };
	static const enum recipient_state ended[] = { RECIPIENT_ACCEPTED,
		RECIPIENT_ACCEPTED, RECIPIENT_DOUBT };
	struct stand *stand = stand_new();
	struct message *message = stand_accept(stand, 3, true);
	struct journal *journal;
	struct journal_attempt *first = make_attempt(1, 1);
	struct journal_attempt *second = make_attempt(2, 2);
	struct verdict verdict = { .class = VERDICT_ACCEPTED };
	bool finished, in_file;

	(void)state;
	stand_begin(stand);
	stand->engine->remove(stand->self, message->submission->id, &in_file);
	stand_commit(stand);
	stand_expect(stand, "SELECT accepted FROM total", "0");
	journal = make_entry(JOURNAL_TAKEN, message, states);
	journal_attempt_end(first, 6000, 1, &verdict);
	second->recipients[0] = 1;
	second->count = 1;
	journal_add_attempt(journal, first);
	journal_add_attempt(journal, second);
	journal->rounds = 1;
	assert_int_equal(enter(stand, journal, &finished), ENGINE_OK);
	assert_false(finished);
	stand_expect(
	    stand, "SELECT remaining || attempts || rounds FROM mail", "221");
	stand_expect(stand,
	    "SELECT accepted || settled || doubts || active FROM total",
	    "3111");
	assert_int_equal(end_attempt(stand, message, 2, ended), ENGINE_OK);
	stand_expect(stand, "SELECT remaining FROM mail", "1");
	message_unref(message);
	stand_free(stand);
}

/* ---- kills ---- */

static void
test_killed_open(void **state)
{
	struct stand *stand = stand_new();
	struct message *message = stand_accept(stand, 2, true);
	struct message *other = stand_accept(stand, 1, true);
	struct submission *submission;
	struct stand *killed;

	(void)state;
	begin_attempt(stand, message, 1);
	killed = stand_killed(stand);
	stand_open(killed);
	stand_check(killed);
	stand_expect(killed,
	    "SELECT group_concat(state || class || text) FROM recipient"
	    " WHERE mail = 1",
	    "48the process ended before an answer,"
	    "48the process ended before an answer");
	stand_expect(killed,
	    "SELECT count(*) FROM recipient, attempt"
	    " WHERE recipient.mail = 1 AND until - ended = 120000"
	    " AND attempt.class = 8",
	    "2");
	stand_expect(killed, "SELECT waiting || doubts FROM total", "22");
	submission = load(killed, message->submission->id);
	assert_int_equal(submission->attempts, 1);
	assert_int_equal(submission->known[1].state, RECIPIENT_DOUBT);
	assert_string_equal(submission->known[1].provider, "mailgun");
	submission_free(submission);
	stand_free(killed);
	message_unref(message);
	message_unref(other);
	stand_free(stand);
}

/* The commands find what the daemon would. */
static void
test_killed_offline(void **state)
{
	struct stand *stand = stand_new();
	struct message *message = stand_accept(stand, 2, true);
	struct message *other = stand_accept(stand, 1, true);
	struct stand *killed;
	struct engine_options options = { .offline = true };

	(void)state;
	begin_attempt(stand, message, 1);
	killed = stand_killed(stand);
	options.directory = killed->directory;
	options.place = &killed->place;
	killed->self = killed->engine->open(&options, NULL);
	assert_non_null(killed->self);
	stand_expect(
	    killed, "SELECT group_concat(due IS NULL) FROM mail", "0,0");
	stand_expect(
	    killed, "SELECT group_concat(state) FROM recipient", "4,4,0");
	stand_free(killed);
	message_unref(message);
	message_unref(other);
	stand_free(stand);
}

/* What was not committed was never there. */
static void
test_killed_uncommitted(void **state)
{
	struct stand *stand = stand_new();
	struct message *message = stand_accept(stand, 1, true);
	struct submission *second = stand_mail(stand, 1);
	struct stand *killed;

	(void)state;
	stand_begin(stand);
	assert_int_equal(
	    stand->engine->accept(stand->self, second, true, false), ENGINE_OK);
	killed = stand_killed(stand);
	stand_open(killed);
	stand_expect(killed, "SELECT count(*) FROM mail", "1");
	stand_free(killed);
	stand->engine->rollback(stand->self);
	stand_expect(stand, "SELECT count(*) FROM mail", "1");
	submission_free(second);
	message_unref(message);
	stand_free(stand);
}

/* ---- the invariants can fail ---- */

static const char *const breaks[] = {
	"DELETE FROM mail",
	"UPDATE recipient SET state = 9 WHERE number = 1",
	"UPDATE recipient SET state = 0",
	"UPDATE recipient SET state = 2, provider = NULL WHERE number = 0",
	"UPDATE recipient SET state = 4, until = 0 WHERE number = 0",
	"UPDATE recipient SET number = 5 WHERE number = 1",
	"UPDATE recipient SET address = 'one@example.org'",
	"DELETE FROM recipient",
	"UPDATE mail SET remaining = 1",
	"UPDATE mail SET due = 5",
	"UPDATE mail SET hold = 'why'",
	"UPDATE mail SET hold = ''",
	"UPDATE mail SET landed = 5",
	"UPDATE attempt SET ended = 5",
	"UPDATE attempt SET recipients = '[0]'",
	"UPDATE attempt SET recipients = '[0,1,2]'",
	"UPDATE attempt SET recipients = '[]'",
	"UPDATE attempt SET number = 2",
	"UPDATE attempt SET class = 3",
	"DELETE FROM body",
	"UPDATE body SET bytes = x'00'",
	"UPDATE mail SET in_file = 1",
	"UPDATE total SET accepted = 7",
	"UPDATE total SET remaining = 1, accepted = 1",
	"UPDATE total SET doubts = 1",
	"UPDATE recipient SET asks = -1 WHERE number = 0",
	"UPDATE recipient SET state = 4, until = 9, absent = 5",
	"UPDATE total SET confirmed = -1",
	"INSERT INTO provider VALUES ('mailgun', '', 5)",
	"UPDATE total SET waiting = 1",
	"UPDATE total SET bytes = 1",
	"DELETE FROM total",
};

static void
test_invariants(void **state)
{
	struct stand *stand = stand_new();
	struct message *message = stand_accept(stand, 2, true);

	(void)state;
	begin_attempt(stand, message, 1);
	for (size_t i = 0; i < G_N_ELEMENTS(breaks); i++) {
		g_autofree char *broken = NULL;

		stand_check(stand);
		stand_run(stand, "PRAGMA foreign_keys = OFF");
		stand_run(stand, "SAVEPOINT before");
		stand_run(stand, breaks[i]);
		broken = stand_broken(stand);
		if (broken == NULL)
			fail_msg("nothing is broken by: %s", breaks[i]);
		stand_run(stand, "ROLLBACK TO before");
		stand_run(stand, "RELEASE before");
	}
	message_unref(message);
	stand_free(stand);
}

/* ---- the file shrinks when the queue has ---- */

static int64_t
count_pages(const struct stand *stand)
{
	g_autofree char *pages = stand_ask(stand, "PRAGMA page_count");

	return g_ascii_strtoll(pages, NULL, 10);
}

/* Mails of 60 KB, some 30 MB. */
static void
fill(struct stand *stand)
{
	g_autofree char *bytes = g_strnfill(60000, 'x');

	stand_begin(stand);
	for (int i = 0; i < 500; i++) {
		struct submission *submission = stand_mail(stand, 1);

		spool_unref(submission->spool);
		submission->spool = spool_new(&stand->place);
		assert_true(spool_append(submission->spool, bytes, 60000) &&
			    spool_seal(submission->spool));
		assert_int_equal(stand->engine->accept(
				     stand->self, submission, false, false),
		    ENGINE_OK);
		submission_free(submission);
	}
	stand_commit(stand);
}

static void
test_shrinks(void **state)
{
	struct stand *stand = stand_new();
	int64_t before;
	bool in_file;

	(void)state;
	fill(stand);
	before = count_pages(stand);
	assert_true(before > 7500);
	stand_begin(stand);
	for (unsigned i = 1; i <= 500; i++) {
		g_autofree char *id = g_strdup_printf("%026u", i);

		assert_int_equal(
		    stand->engine->remove(stand->self, id, &in_file),
		    ENGINE_OK);
	}
	stand_commit(stand);
	assert_in_range(count_pages(stand), before - 260, before - 256);
	for (int i = 0; i < 30; i++) {
		stand_begin(stand);
		stand_commit(stand);
	}
	/* some is kept for the next mails */
	assert_in_range(count_pages(stand), 4096 - 256, 4096 + 100);
	stand_free(stand);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finished),
		cmocka_unit_test(test_landings),
		cmocka_unit_test(test_landed_without_time),
		cmocka_unit_test(test_final_stays),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_killed_open),
		cmocka_unit_test(test_killed_offline),
		cmocka_unit_test(test_killed_uncommitted),
		cmocka_unit_test(test_invariants),
		cmocka_unit_test(test_shrinks),
	};

	parse_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
