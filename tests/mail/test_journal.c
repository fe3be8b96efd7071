/* SPDX-License-Identifier: MIT */
#include "mail/journal.h"
#include "mail/sample.h"

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
	char provider[] = "mailgun", text[] = "Try later";
	struct verdict verdict = {
		.class = VERDICT_THROTTLE, .status = 429, .text = text
	};
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attempt),
		cmocka_unit_test(test_ended_twice),
		cmocka_unit_test(test_entry),
	};

	parse_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
