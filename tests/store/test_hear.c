/* SPDX-License-Identifier: MIT */
/* Events in the database of the queue: whose they are, that each counts once,
 * and the doubts that they end. */
#include "telling.h"

#include "mail/event.h"

static const char first[] = "00000000000000000000000001";

/* One about the first recipient of the first mail, by our id. */
static struct event *
make(enum event_kind kind, const char *id)
{
	struct event *event = event_told_new(kind, "mailgun", "0@example.org");

	event->event_id = g_strdup(id);
	event->mail_id = g_strdup(first);
	event->at_ms = 7000;
	return event;
}

static struct engine_hearing
hear(struct stand *stand, struct event *event, bool sought)
{
	struct engine_hearing hearing = {
		.event = event,
		.now_ms = 8000,
		.sought = sought,
	};

	stand_begin(stand);
	assert_int_equal(stand->engine->hear(stand->self, &hearing), ENGINE_OK);
	stand_commit(stand);
	hearing.event = NULL;
	event_told_free(event);
	return hearing;
}

static struct store_mail *
ask(struct stand *stand, struct store_ask *ask)
{
	*ask = (struct store_ask){ .question = STORE_MAIL, .id = first };
	assert_int_equal(stand->engine->ask(stand->self, ask), ENGINE_OK);
	assert_true(ask->found);
	return ask->mails->pdata[0];
}

/* Accepted by mailgun as "<a@mg>", but the second one waits. */
static struct message *
accept_first(struct stand *stand)
{
	static const enum recipient_state states[] = { RECIPIENT_ACCEPTED,
		RECIPIENT_WAITING };
	struct message *message = stand_accept(stand, 2, true);

	begin_attempt(stand, message, 1);
	end_attempt(stand, message, 1, states);
	stand_run(stand,
	    "UPDATE recipient SET provider_id = '<a@mg>' WHERE number = 0");
	return message;
}

static void
test_told(void **state)
{
	struct stand *stand = stand_new();
	struct message *message = accept_first(stand);
	struct event *event = make(EVENT_BOUNCED_HARD, "e1");
	struct store_ask question;
	const struct store_mail *mail;
	const struct store_event *told;
	struct engine_hearing hearing;

	(void)state;
	event->status = 550;
	event->enhanced = g_strdup("5.1.1");
	event->text = g_strdup("no such user");
	hearing = hear(stand, event, false);
	assert_true(hearing.found);
	assert_true(hearing.active);
	assert_false(hearing.due || hearing.finished || hearing.again);
	assert_string_equal(hearing.id, first);
	mail = ask(stand, &question);
	assert_int_equal(mail->events->len, 1);
	told = mail->events->pdata[0];
	assert_int_equal(told->kind, EVENT_BOUNCED_HARD);
	assert_string_equal(told->provider, "mailgun");
	assert_string_equal(told->recipient, "0@example.org");
	assert_int_equal(told->at_ms, 7000);
	assert_int_equal(told->heard_ms, 8000);
	assert_int_equal(told->status, 550);
	assert_string_equal(told->enhanced, "5.1.1");
	assert_string_equal(told->text, "no such user");
	store_ask_clear(&question);
	message_unref(message);
	stand_free(stand);
}

/* How an event names the mail, and the recipient that it is about then. */
static const struct {
	const char *name;
	const char *mail_id, *provider_id, *message_id, *recipient;
	const char *found; /* the number of the recipient, "-"; NULL: the mail
			    * is not */
} names[] = {
	{ "our id", first, NULL, NULL, "1@example.org", "1" },
	{ "letters of either case", first, NULL, NULL, "1@Example.ORG", "1" },
	{ "another address", first, NULL, NULL, "x@example.org", "-" },
	{ "the provider's id", NULL, "<a@mg>", NULL, "0@example.org", "0" },
	{ "an id of ours that is none, and the provider's", "NONE", "<a@mg>",
	    NULL, "0@example.org", "0" },
	{ "another's id", NULL, "<b@mg>", NULL, "0@example.org", NULL },
	{ "no doubt, so no Message-ID", NULL, NULL, "<m@x>", "0@example.org",
	    NULL },
	{ "nothing", NULL, NULL, NULL, "0@example.org", NULL },
};

static void
test_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		struct stand *stand = stand_new();
		struct message *message = accept_first(stand);
		struct event *event = event_told_new(
		    EVENT_DELIVERED, "mailgun", names[i].recipient);

		stand_run(stand, "UPDATE attempt SET message_id = '<m@x>'");
		event->event_id = g_strdup("e");
		event->mail_id = g_strdup(names[i].mail_id);
		event->provider_id = g_strdup(names[i].provider_id);
		event->message_id = g_strdup(names[i].message_id);
		if (hear(stand, event, false).found != (names[i].found != NULL))
			fail_msg("%s", names[i].name);
		stand_expect(stand,
		    "SELECT coalesce(recipient, '-') FROM event",
		    names[i].found == NULL ? "" : names[i].found);
		message_unref(message);
		stand_free(stand);
	}
}

/* Of another provider that happens to have such an id. */
static void
test_other_provider(void **state)
{
	struct stand *stand = stand_new();
	struct message *message = accept_first(stand);
	struct event *event =
	    event_told_new(EVENT_DELIVERED, "mandrill", "0@example.org");

	(void)state;
	event->event_id = g_strdup("e");
	event->provider_id = g_strdup("<a@mg>");
	assert_false(hear(stand, event, false).found);
	message_unref(message);
	stand_free(stand);
}

static void
test_once(void **state)
{
	struct stand *stand = stand_new();
	struct message *message = accept_first(stand);

	(void)state;
	assert_false(hear(stand, make(EVENT_OPENED, "e1"), false).again);
	assert_true(hear(stand, make(EVENT_OPENED, "e1"), false).again);
	assert_false(hear(stand, make(EVENT_OPENED, "e2"), false).again);
	stand_expect(stand, "SELECT count(*) FROM event", "2");
	/* also when it is about no mail of the queue */
	struct event *event = make(EVENT_OPENED, "e3");
	g_free(event->mail_id);
	event->mail_id = g_strdup("NONE");
	struct event *twin = event_copy(event);
	struct event *triplet = event_copy(event);
	assert_false(hear(stand, event, false).again);
	stand_expect(stand, "SELECT count(*) FROM heard", "2");
	assert_false(hear(stand, twin, true).again);
	stand_expect(stand, "SELECT count(*) FROM heard", "3");
	assert_true(hear(stand, triplet, false).again);
	message_unref(message);
	stand_free(stand);
}

static void
test_forgotten(void **state)
{
	struct stand *stand = stand_new();
	struct event *event = make(EVENT_OPENED, "e2");
	struct engine_hearing hearing = { .event = event,
		.now_ms = 90000,
		.forget_ms = 8001,
		.sought = true };

	(void)state;
	hear(stand, make(EVENT_OPENED, "e1"), true);
	stand_expect(stand, "SELECT count(*) FROM heard", "1");
	stand_begin(stand);
	assert_int_equal(stand->engine->hear(stand->self, &hearing), ENGINE_OK);
	stand_commit(stand);
	stand_expect(stand, "SELECT group_concat(at) FROM heard", "90000");
	event_told_free(event);
	stand_free(stand);
}

/* Who opens it every day does not keep out what is said once. */
static void
test_bounded(void **state)
{
	struct stand *stand = stand_new();
	struct message *message = accept_first(stand);

	(void)state;
	for (unsigned i = 0; i < 60; i++) {
		g_autofree char *id = g_strdup_printf("o%u", i);

		hear(stand, make(EVENT_OPENED, id), false);
	}
	stand_expect(stand, "SELECT count(*) FROM event", "50");
	hear(stand, make(EVENT_COMPLAINED, "c"), false);
	stand_expect(stand, "SELECT count(*) FROM event WHERE kind = 6", "1");
	message_unref(message);
	stand_free(stand);
}

/* ---- doubts ---- */

/* The first mail lands: the first recipient in doubt, the second in `other`. */
static void
land_doubt(struct stand *stand, struct message *message,
    enum recipient_state other, const char *hold)
{
	const enum recipient_state states[] = { RECIPIENT_DOUBT, other };
	struct journal *journal;
	bool finished;

	begin_attempt(stand, message, 1);
	end_attempt(stand, message, 1, states);
	journal = make_entry(JOURNAL_LANDED, message, states);
	journal->due_ms = hold == NULL ? 9000 : 0;
	journal->hold = hold;
	assert_int_equal(enter(stand, journal, &finished), ENGINE_OK);
	assert_false(finished);
}

/* What is true of the mail and its recipients. */
#define IS                                                            \
	"SELECT coalesce(due, '-') || '|' || coalesce(hold, '-') || " \
	"'|' || (SELECT group_concat(state) FROM recipient) FROM mail"

static const struct {
	const char *name;
	enum recipient_state other;
	const char *hold;
	enum event_kind kind;
	const char *provider;
	const char *is;
	bool due, finished;
} doubts[] = {
	{ "both are through", RECIPIENT_ACCEPTED, NULL, EVENT_DELIVERED,
	    "mailgun", "-|-|2,2", false, true },
	{ "the other waits", RECIPIENT_WAITING, NULL, EVENT_ACCEPTED, "mailgun",
	    "8000|-|2,0", true, false },
	{ "the other is held", RECIPIENT_HELD, "why", EVENT_DELIVERED,
	    "mailgun", "-|why|2,5", false, false },
	{ "held alone", RECIPIENT_REFUSED, "why", EVENT_DELIVERED, "mailgun",
	    "-|-|2,3", false, true },
	{ "a bounce proves it too", RECIPIENT_ACCEPTED, NULL,
	    EVENT_BOUNCED_HARD, "mailgun", "-|-|2,2", false, true },
	{ "never sent is no proof", RECIPIENT_ACCEPTED, NULL, EVENT_REJECTED,
	    "mailgun", "9000|-|4,2", false, false },
	{ "another provider knows nothing of it", RECIPIENT_ACCEPTED, NULL,
	    EVENT_DELIVERED, "mandrill", "9000|-|4,2", false, false },
};

static void
test_doubts(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(doubts); i++) {
		struct stand *stand = stand_new();
		struct message *message = stand_accept(stand, 2, true);
		struct event *event = make(doubts[i].kind, "e");
		struct engine_hearing hearing;

		print_message("%s\n", doubts[i].name);
		g_free(event->provider);
		event->provider = g_strdup(doubts[i].provider);
		land_doubt(stand, message, doubts[i].other, doubts[i].hold);
		hearing = hear(stand, event, false);
		stand_expect(stand, IS, doubts[i].is);
		assert_int_equal(hearing.due, doubts[i].due);
		assert_int_equal(hearing.finished, doubts[i].finished);
		stand_expect(stand,
		    "SELECT resolved || '|' || doubts FROM total",
		    *doubts[i].is != '9' ? "1|0" : "0|1");
		message_unref(message);
		stand_free(stand);
	}
}

/* Told while dispatch has the mail: it is settled when that lets go of it. */
static void
test_active(void **state)
{
	static const enum recipient_state states[] = { RECIPIENT_DOUBT,
		RECIPIENT_ACCEPTED };
	struct stand *stand = stand_new();
	struct message *message = stand_accept(stand, 2, true);
	struct journal *journal;
	bool finished;

	(void)state;
	begin_attempt(stand, message, 1);
	end_attempt(stand, message, 1, states);
	assert_true(hear(stand, make(EVENT_DELIVERED, "e"), false).active);
	stand_expect(stand, IS, "-|-|4,2");
	journal = make_entry(JOURNAL_LANDED, message, states);
	journal->due_ms = 9000;
	assert_int_equal(enter(stand, journal, &finished), ENGINE_OK);
	assert_true(finished);
	stand_expect(stand, IS, "-|-|2,2");
	message_unref(message);
	stand_free(stand);
}

/* Its sender wished to be told of the success: dispatch sees to that. */
static void
test_report_is_owed(void **state)
{
	struct stand *stand = stand_new();
	struct message *message = stand_accept(stand, 2, true);
	struct engine_hearing hearing;

	(void)state;
	stand_run(stand, "UPDATE recipient SET notify = 2");
	land_doubt(stand, message, RECIPIENT_DROPPED, NULL);
	hearing = hear(stand, make(EVENT_DELIVERED, "e"), false);
	assert_true(hearing.due);
	stand_expect(stand, IS, "8000|-|2,6");
	message_unref(message);
	stand_free(stand);
}

/* The provider's own id of it was lost with the answer. */
static void
test_doubt_by_message_id(void **state)
{
	struct stand *stand = stand_new();
	struct message *message = stand_accept(stand, 2, true);
	struct event *event = make(EVENT_ACCEPTED, "e");

	(void)state;
	land_doubt(stand, message, RECIPIENT_ACCEPTED, NULL);
	stand_run(stand,
	    "UPDATE attempt SET message_id = '<m@x>', class = 8, ended = 1");
	g_clear_pointer(&event->mail_id, g_free);
	event->message_id = g_strdup("<m@x>");
	event->provider_id = g_strdup("<p@mg>");
	assert_true(hear(stand, event, false).finished);
	stand_expect(stand,
	    "SELECT provider_id FROM recipient WHERE number = 0", "<p@mg>");
	message_unref(message);
	stand_free(stand);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_other_provider),
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_forgotten),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_doubts),
		cmocka_unit_test(test_active),
		cmocka_unit_test(test_report_is_owed),
		cmocka_unit_test(test_doubt_by_message_id),
	};

	parse_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
