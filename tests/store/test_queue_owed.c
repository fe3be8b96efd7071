/* SPDX-License-Identifier: MIT */
/* Reports that are owed to senders: of whom, and once. */
#include "telling.h"

static const char first[] = "00000000000000000000000001";

static void
hear(struct stand *stand, enum event_kind kind, const char *id, bool reports)
{
	struct event *event = event_told_new(kind, "mailgun", "0@example.org");
	struct engine_hearing hearing = {
		.event = event,
		.now_ms = 8000,
		.reports = reports,
	};

	event->event_id = g_strdup(id);
	event->mail_id = g_strdup(first);
	event->status = 550;
	event->enhanced = g_strdup("5.1.1");
	event->text = g_strdup("no such user");
	event->at_ms = 7000;
	stand_begin(stand);
	assert_int_equal(stand->engine->hear(stand->self, &hearing), ENGINE_OK);
	stand_commit(stand);
	event_told_free(event);
}

static struct store_owed *
take(struct stand *stand)
{
	struct store_owed *owed = NULL;

	assert_int_equal(stand->engine->owed(stand->self, &owed), ENGINE_OK);
	return owed;
}

/* What came of the report about recipient 0 of the first mail. */
static enum engine_result
settle(struct stand *stand, struct submission *report)
{
	struct journal *journal = journal_new(JOURNAL_NOTED, NULL);
	enum engine_result result;
	bool finished;

	g_strlcpy(journal->owed_id, first, sizeof journal->owed_id);
	journal->report = report;
	stand_begin(stand);
	result = stand->engine->enter(stand->self, journal, false, &finished);
	stand_commit(stand);
	journal_free(journal);
	return result;
}

static void
test_kinds(void **state)
{
	(void)state;
	for (int kind = 0; kind < EVENT_KINDS; kind++) {
		struct stand *stand = stand_new();
		struct message *message = stand_accept(stand, 2, true);

		hear(stand, (enum event_kind)kind, "e", true);
		stand_expect(stand, "SELECT count(*) FROM owed",
		    event_is_failure((enum event_kind)kind) ? "1" : "0");
		message_unref(message);
		stand_free(stand);
	}
}

static void
test_not_wanted(void **state)
{
	struct stand *stand = stand_new();
	struct message *message = stand_accept(stand, 1, true);

	(void)state;
	hear(stand, EVENT_BOUNCED_HARD, "e", false);
	assert_null(take(stand));
	message_unref(message);
	stand_free(stand);
}

/* However often it is told, and asked for, and over a restart. */
static void
test_once(void **state)
{
	struct stand *stand = stand_new();
	struct message *message = stand_accept(stand, 1, true);
	struct store_owed *owed;

	(void)state;
	hear(stand, EVENT_BOUNCED_HARD, "e1", true);
	hear(stand, EVENT_BOUNCED_HARD, "e1", true);
	hear(stand, EVENT_BOUNCED_SOFT, "e2", true);
	stand_close(stand);
	stand_open(stand);
	owed = take(stand);
	assert_non_null(owed);
	assert_string_equal(owed->id, first);
	assert_int_equal(owed->number, 0);
	assert_string_equal(owed->provider, "mailgun");
	assert_int_equal(owed->status, 550);
	assert_string_equal(owed->enhanced, "5.1.1");
	assert_string_equal(owed->text, "no such user");
	assert_int_equal(owed->at_ms, 7000);
	store_owed_free(owed);
	assert_int_equal(settle(stand, stand_mail(stand, 1)), ENGINE_OK);
	stand_expect(
	    stand, "SELECT made FROM owed", "00000000000000000000000002");
	assert_null(take(stand));
	assert_int_equal(settle(stand, stand_mail(stand, 1)), ENGINE_ABSENT);
	hear(stand, EVENT_REJECTED, "e3", true);
	assert_null(take(stand));
	message_unref(message);
	stand_free(stand);
}

static void
test_none_is_made(void **state)
{
	struct stand *stand = stand_new();
	struct message *message = stand_accept(stand, 1, true);

	(void)state;
	hear(stand, EVENT_BOUNCED_HARD, "e1", true);
	assert_int_equal(settle(stand, NULL), ENGINE_OK);
	stand_expect(stand, "SELECT made FROM owed", "-");
	assert_null(take(stand));
	message_unref(message);
	stand_free(stand);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_not_wanted),
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_none_is_made),
	};

	parse_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
