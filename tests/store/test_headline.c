/* SPDX-License-Identifier: MIT */
/* What a list shows of a mail, and when it comes into the queue. */
#include "answer.h"
#include "headline.h"
#include "telling.h"

static const struct {
	const char *name, *mail;
	const char *subject, *from; /* NULL, NULL: nothing is known */
} rows[] = {
	{ "plain", "From: app@example.com\nSubject: one\n\nx\n", "one",
	    "app@example.com" },
	{ "a name", "From: Ann Lee <ann@example.com>\nSubject: one\n\nx\n",
	    "one", "Ann Lee <ann@example.com>" },
	{ "many", "From: ann@example.com, Bob <bob@example.org>\n\nx\n", NULL,
	    "ann@example.com, Bob <bob@example.org>" },
	{ "encoded",
	    "From: =?utf-8?q?Zo=C3=AB?= <zoe@example.com>\n"
	    "Subject: =?utf-8?b?R3LDvMOfZQ==?= =?utf-8?q?_an_alle?=\n\nx\n",
	    "Grüße an alle", "Zoë <zoe@example.com>" },
	{ "folded", "From: app@example.com\nSubject: one\n\ttwo\n\nx\n",
	    "one two", "app@example.com" },
	{ "an empty subject", "From: app@example.com\nSubject:\n\nx\n", "",
	    "app@example.com" },
	{ "nobody wrote it", "Subject: one\n\nx\n", "one", "app@example.com" },
};

static void
test_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct message *message = sample_message(rows[i].mail);
		struct journal *journal = journal_new(JOURNAL_BEGUN, message);
		struct headline headline;

		print_message("%s\n", rows[i].name);
		journal->tags = g_strdup("a\nb");
		assert_true(headline_read(&headline, journal));
		if (rows[i].subject == NULL)
			assert_null(headline.subject);
		else
			assert_string_equal(headline.subject, rows[i].subject);
		assert_string_equal(headline.from, rows[i].from);
		assert_string_equal(headline.tags, "a\nb");
		headline_clear(&headline);
		journal_free(journal);
		message_unref(message);
	}
}

/* It is cut between two letters. */
static void
test_long(void **state)
{
	g_autoptr(GString) mail = g_string_new("Subject: x");
	struct message *message;
	struct journal *journal;
	struct headline headline;

	(void)state;
	for (unsigned i = 0; i < 60; i++)
		g_string_append(mail, "\n \303\274\303\274\303\274\303\274"
				      "\303\274\303\274\303\274\303\274"
				      "\303\274\303\274\303\274\303\274");
	for (unsigned i = 0; i < 100; i++)
		g_string_append_printf(
		    mail, "%s a%u@example.com", i == 0 ? "\nFrom:" : ",\n", i);
	g_string_append(mail, "\n\nx\n");
	message = sample_message(mail->str);
	journal = journal_new(JOURNAL_BEGUN, message);
	assert_true(headline_read(&headline, journal));
	assert_true(strlen(headline.subject) <= 1000);
	assert_true(strlen(headline.subject) > 990);
	assert_true(g_utf8_validate(headline.subject, -1, NULL));
	assert_true(g_str_has_prefix(message->subject, headline.subject));
	assert_true(strlen(headline.from) <= 1000);
	assert_true(g_str_has_prefix(headline.from, "a0@example.com, a1@"));
	headline_clear(&headline);
	journal_free(journal);
	message_unref(message);
}

/* One that nobody parsed says nothing, and does not hide what comes later. */
static struct message *
make_unread(struct stand *stand)
{
	static const struct parse_options options = {
		.hostname = "mail.example.com",
	};
	struct submission *submission = stand_mail(stand, 1);

	stand->mails--;
	g_snprintf(
	    submission->id, sizeof submission->id, "%026u", stand->mails);
	return parse_nothing(submission, &options);
}

#define HEADLINE                                                           \
	"SELECT coalesce(subject, '-') || ' ' || coalesce(from_text, '-')" \
	" || ' ' || coalesce(tags, '-') FROM mail"

static struct journal *
make_one(enum journal_kind kind, struct message *message)
{
	static const enum recipient_state open[] = { RECIPIENT_OPEN };
	static const enum recipient_state waiting[] = { RECIPIENT_WAITING };
	struct journal *journal =
	    make_entry(kind, message, kind == JOURNAL_LANDED ? waiting : open);

	if (kind == JOURNAL_LANDED)
		journal->due_ms = 9000;
	else
		journal_add_attempt(journal, make_attempt(1, 1));
	journal->tags = g_strdup("a\nb");
	return journal;
}

static void
expect_after(struct stand *stand, struct journal *journal, const char *expected)
{
	bool finished;

	assert_int_equal(enter(stand, journal, &finished), ENGINE_OK);
	stand_expect(stand, HEADLINE, expected);
}

/* What is accepted has none; whatever entry is first brings it, and no later
 * one changes it. */
static void
test_entries(void **state)
{
	static const enum recipient_state accepted[] = { RECIPIENT_ACCEPTED };
	static const enum journal_kind kinds[] = { JOURNAL_BEGUN,
		JOURNAL_LANDED };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		struct stand *stand = stand_new();
		struct message *message = stand_accept(stand, 1, true);
		struct message *unread = make_unread(stand);
		const char *id = message->submission->id;

		stand_expect(stand, HEADLINE, "- - -");
		expect_after(stand, make_one(JOURNAL_LANDED, unread), "- - -");
		submission_free(load(stand, id));
		expect_after(stand, make_one(kinds[i], message),
		    "one app@example.com a\nb");
		g_free(message->subject);
		message->subject = g_strdup("two");
		if (kinds[i] == JOURNAL_LANDED)
			submission_free(load(stand, id));
		else
			end_attempt(stand, message, 1, accepted);
		expect_after(stand,
		    make_entry(JOURNAL_LANDED, message, accepted),
		    "one app@example.com a\nb");
		message_unref(message);
		message_unref(unread);
		stand_free(stand);
	}
}

/* A mail that is taken brings it along; and it is in the answers. */
static void
test_taken(void **state)
{
	struct stand *stand = stand_new();
	struct message *message = stand_accept(stand, 1, true);
	struct journal *journal = make_one(JOURNAL_TAKEN, message);
	struct store_ask ask = { .question = STORE_MAIL,
		.id = message->submission->id };
	bool finished, in_file;

	(void)state;
	stand_begin(stand);
	stand->engine->remove(stand->self, message->submission->id, &in_file);
	stand_commit(stand);
	assert_int_equal(enter(stand, journal, &finished), ENGINE_OK);
	assert_int_equal(stand->engine->ask(stand->self, &ask), ENGINE_OK);
	const struct store_mail *mail = ask.mails->pdata[0];
	assert_string_equal(mail->subject, "one");
	assert_string_equal(mail->from, "app@example.com");
	assert_string_equal(mail->tags[0], "a");
	assert_string_equal(mail->tags[1], "b");
	assert_null(mail->tags[2]);
	store_ask_clear(&ask);
	message_unref(message);
	stand_free(stand);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_taken),
	};

	parse_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
