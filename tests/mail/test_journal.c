/* SPDX-License-Identifier: MIT */
#include "mail/journal.h"
#include "mail/sample.h"
#include "mail/standing.h"

static struct delivery *
make_delivery(void)
{
	static const unsigned recipients[] = { 0, 1 };
	struct message *message = sample_message("From: a@b.example\n\n");
	struct delivery *delivery = delivery_new(message, recipients, 2);

	delivery->attempt = 7;
	delivery->form = DELIVERY_RAW;
	message_unref(message);
	return delivery;
}

static void
check_attempt(const struct journal_attempt *attempt)
{
	assert_int_equal(attempt->number, 7);
	assert_string_equal(attempt->provider, "mailgun");
	assert_int_equal(attempt->form, DELIVERY_RAW);
	assert_int_equal(attempt->count, 2);
	assert_int_equal(attempt->recipients[0], 0);
	assert_int_equal(attempt->recipients[1], 1);
	assert_int_equal(attempt->begun_ms, 1000);
}

/* It outlives the delivery and the texts it was made of. */
static void
test_attempt(void **state)
{
	struct delivery *delivery = make_delivery();
	struct address redirect = { .text = (char *)"staging@example.com" };
	char provider[] = "mailgun", text[] = "Try later";
	struct verdict verdict = {
		.class = VERDICT_THROTTLE, .status = 429, .text = text
	};
	delivery->guise.redirect = &redirect;
	struct journal_attempt *attempt =
	    journal_attempt_new(delivery, provider, 1000);
	struct journal_attempt *open = journal_attempt_copy(attempt);

	(void)state;
	delivery_free(delivery);
	memset(provider, 'x', sizeof provider - 1);
	journal_attempt_end(attempt, 2000, 55, &verdict);
	memset(text, 'x', sizeof text - 1);
	struct journal_attempt *copy = journal_attempt_copy(attempt);
	journal_attempt_free(attempt);
	check_attempt(copy);
	assert_string_equal(copy->redirect, "staging@example.com");
	assert_int_equal(copy->ended_ms, 2000);
	assert_int_equal(copy->sent_bytes, 55);
	assert_int_equal(copy->class, VERDICT_THROTTLE);
	assert_int_equal(copy->status, 429);
	assert_string_equal(copy->text, "Try later");
	check_attempt(open);
	assert_int_equal(open->ended_ms, 0);
	assert_null(open->text);
	journal_attempt_free(copy);
	journal_attempt_free(open);
	journal_attempt_free(NULL);
}

/* It was given a second verdict: the first one's text is not lost memory. */
static void
test_ended_twice(void **state)
{
	struct delivery *delivery = make_delivery();
	struct verdict first = { .text = "one" };
	struct verdict second = { .class = VERDICT_OUTAGE };
	struct journal_attempt *attempt =
	    journal_attempt_new(delivery, "mailgun", 1000);

	(void)state;
	journal_attempt_end(attempt, 2000, 1, &first);
	journal_attempt_end(attempt, 3000, 2, &second);
	assert_null(attempt->text);
	assert_int_equal(attempt->class, VERDICT_OUTAGE);
	assert_int_equal(attempt->ended_ms, 3000);
	journal_attempt_free(attempt);
	delivery_free(delivery);
}

/* The entry holds all it says by itself: the mail, copies, the report. */
static void
test_entry(void **state)
{
	struct delivery *delivery = make_delivery();
	struct journal *journal = journal_new(JOURNAL_TAKEN, delivery->message);
	struct recipient is = { .state = RECIPIENT_ACCEPTED,
		.id = g_strdup("<1@mg>") };

	(void)state;
	assert_int_equal(journal->kind, JOURNAL_TAKEN);
	assert_null(journal->recorded);
	assert_int_equal(journal->due_ms, 0);
	assert_null(journal->report);
	journal_add_recipient(journal, 1, &is);
	recipient_clear(&is);
	journal_add_attempt(
	    journal, journal_attempt_new(delivery, "mailgun", 1000));
	journal->report = sample_submission("Subject: x\r\n\r\n", 14);
	delivery_free(delivery);

	assert_string_equal(journal->message->submission->id, SAMPLE_ID);
	assert_int_equal(journal->recipients->len, 1);
	const struct journal_recipient *said =
	    &g_array_index(journal->recipients, struct journal_recipient, 0);
	assert_int_equal(said->number, 1);
	assert_int_equal(said->is.state, RECIPIENT_ACCEPTED);
	assert_string_equal(said->is.id, "<1@mg>");
	assert_int_equal(journal->attempts->len, 1);
	check_attempt(g_ptr_array_index(journal->attempts, 0));
	journal_free(journal);
	journal_free(NULL);
}

/* What is of no mail, and the lines of one's story. */
static void
test_noted(void **state)
{
	char provider[] = "mailgun", text[] = "open";
	struct journal *journal = journal_new(JOURNAL_NOTED, NULL);

	(void)state;
	assert_null(journal->message);
	assert_null(journal->notes);
	assert_null(journal->states);
	assert_int_equal(journal->counts.doubts, 0);
	journal_add_state(journal, provider, text);
	journal_add_state(journal, "mandrill", "paused");
	memset(provider, 'x', sizeof provider - 1);
	memset(text, 'x', sizeof text - 1);
	journal_add_note(journal, 1000, g_strdup("asked mailgun"));
	journal_add_note(journal, 2000, g_strdup("it has the mail"));
	assert_int_equal(journal->states->len, 2);
	const struct journal_state *first = journal->states->pdata[0];
	assert_string_equal(first->provider, "mailgun");
	assert_string_equal(first->text, "open");
	assert_int_equal(journal->notes->len, 2);
	const struct journal_note *note =
	    &g_array_index(journal->notes, struct journal_note, 1);
	assert_int_equal(note->at_ms, 2000);
	assert_string_equal(note->text, "it has the mail");
	journal_free(journal);
}

/* What a probe says is cleaned, and belongs to whoever keeps it. */
static void
test_standing(void **state)
{
	struct provider_standing *standing =
	    g_new0(struct provider_standing, 1);
	struct health health = { .probed_ms = 5 };
	g_autofree char *long_text = g_strnfill(2000, 'x');

	(void)state;
	assert_string_equal(health_state_text(health.state), "unknown");
	health_set(&health, HEALTH_BAD, "no\r\nkey \xff", long_text);
	assert_string_equal(health.text, "no key ?");
	assert_true(strlen(health.advice) <= 512);
	assert_int_equal(health.probed_ms, 5);
	standing->name = g_strdup("mailgun");
	standing->senders = g_strsplit("a.example b.example", " ", 0);
	health_copy(&standing->health, &health);
	health_set(&health, HEALTH_GOOD, "fine", NULL);
	assert_null(health.advice);
	assert_string_equal(health_state_text(standing->health.state), "bad");
	assert_string_equal(standing->health.text, "no key ?");
	health_clear(&health);
	assert_null(health.text);
	standing_free(standing);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attempt),
		cmocka_unit_test(test_ended_twice),
		cmocka_unit_test(test_entry),
		cmocka_unit_test(test_noted),
		cmocka_unit_test(test_standing),
	};

	parse_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
