/* SPDX-License-Identifier: MIT */
#include "departure.h"

#include "world.h"

static struct store_mail *
ask_mail(struct world *world, char letter, struct store_ask *ask)
{
	char id[ID_LENGTH + 1];

	fake_id(letter, id);
	*ask = (struct store_ask){ .question = STORE_MAIL, .id = id };
	store_answer(world->store, ask);
	ask->id = NULL;
	return ask->mails != NULL && ask->mails->len == 1 ? ask->mails->pdata[0]
							  : NULL;
}

static void
finish(struct world *world, char letter, size_t bytes)
{
	/* due at no time: it is finished */
	store_journal_post(
	    world->store, world_journal(world, JOURNAL_LANDED, letter, bytes));
}

static void
test_to_the_records_then_out(void **state)
{
	struct world *world = world_start("INLINE_MAX=1000");
	struct store_ask ask;
	struct store_mail *mail;

	(void)state;
	store_accept_post(world->store, world_submission(world, 'A', 2000));
	fake_await(&world->fake, "onward A");
	g_free(fake_take(&world->fake));
	finish(world, 'A', 2000);
	fake_await(&world->fake, "remove A commit");
	world_settle(world);
	fake_expect(&world->fake,
	    "begin landed A commit recorded A begin remove A commit");
	assert_false(
	    world_has_file(world, "bodies/0000000000000000000000000A"));
	/* the queue does not know it, the records do */
	world->fake.absent = 'A';
	mail = ask_mail(world, 'A', &ask);
	assert_non_null(mail);
	assert_true(ask.found);
	assert_int_equal(mail->place, STORE_FINISHED);
	assert_true(mail->finished_ms > 0);
	store_ask_clear(&ask);
	world_free(world);
}

/* Finished twice, removed once. */
static void
test_once(void **state)
{
	struct world *world = world_start("");

	(void)state;
	fake_hold(&world->fake, true);
	world_accept(world, 'Z');
	fake_await(&world->fake, "at-commit");
	g_free(fake_take(&world->fake));
	finish(world, 'A', 10);
	finish(world, 'A', 10);
	fake_hold(&world->fake, false);
	fake_await(&world->fake, "remove A commit");
	world_settle_all(world);
	fake_expect(&world->fake,
	    "commit 250 Z onward Z begin landed A landed A commit recorded A "
	    "recorded A begin remove A commit");
	world_free(world);
}

static void
test_passed(void **state)
{
	struct world *world = world_start("");
	struct journal *journal =
	    world_journal(world, JOURNAL_PASSED, 'P', 100);
	struct recipient is = { .state = RECIPIENT_ACCEPTED,
		.provider = g_strdup("one"),
		.id = g_strdup("abc") };
	unsigned number = 0;
	g_autoptr(GPtrArray) nobody = g_ptr_array_new();
	struct message message = { .from = nobody };
	struct delivery delivery = { .message = &message,
		.recipients = &number,
		.count = 1,
		.attempt = 1 };
	struct store_ask ask;
	struct store_mail *mail;

	(void)state;
	journal_add_recipient(journal, 0, &is);
	journal_add_attempt(journal, journal_attempt_new(&delivery, "one", 5));
	journal->tags = g_strdup("a\nb");
	world->fake.absent = 'P';
	store_journal_post(world->store, journal);
	/* whoever asks after it was posted finds it */
	mail = ask_mail(world, 'P', &ask);
	assert_non_null(mail);
	assert_int_equal(mail->place, STORE_FINISHED);
	assert_string_equal(mail->sender, "app@example.com");
	assert_string_equal(mail->subject, "x");
	assert_string_equal(mail->tags[1], "b");
	assert_string_equal(mail->peer, "192.0.2.7");
	assert_string_equal(mail->listener, "local");
	assert_int_equal(mail->size_bytes, 100);
	assert_int_equal(mail->recipients->len, 1);
	struct store_recipient *to = mail->recipients->pdata[0];
	assert_string_equal(to->address, "one@example.org");
	assert_int_equal(to->is.state, RECIPIENT_ACCEPTED);
	assert_string_equal(to->is.id, "abc");
	assert_int_equal(mail->attempts->len, 1);
	store_ask_clear(&ask);
	recipient_clear(&is);
	/* nothing was written to the queue */
	world_settle_all(world);
	fake_expect(&world->fake, "recorded P");
	world_free(world);
}

static void
test_left_by_a_crash(void **state)
{
	struct world *world = world_new("");

	(void)state;
	world->fake.left = "AB";
	world_open(world);
	fake_await(&world->fake, "remove A");
	fake_await(&world->fake, "remove B");
	world_free(world);
}

/* What is finished in the last moment leaves before the store is closed. */
static void
test_close(void **state)
{
	struct world *world = world_start("");

	(void)state;
	finish(world, 'A', 10);
	world_close(world);
	fake_expect(&world->fake,
	    "begin landed A commit recorded A begin remove A commit close");
	world_free(world);
}

/* A removal that does not fit is tried until it does. */
static void
test_full(void **state)
{
	struct world *world = world_start("BALLAST=4k");

	(void)state;
	world_stop_clock(world);
	fake_fail(&world->fake, "remove", ENGINE_FULL, 2);
	finish(world, 'A', 10);
	fake_await(&world->fake, "remove:full begin remove:full");
	world_tick(world);
	fake_await(&world->fake, "remove A commit");
	world_free(world);
}

static void
test_bad(void **state)
{
	struct world *world = world_start("");

	(void)state;
	fake_fail(&world->fake, "ask", ENGINE_BAD, 1);
	finish(world, 'A', 10);
	fake_await(&world->fake, "failed");
	world_close(world);
	fake_expect(&world->fake,
	    "begin landed A commit recorded A ask:bad failed close");
	world_free(world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_to_the_records_then_out),
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_passed),
		cmocka_unit_test(test_left_by_a_crash),
		cmocka_unit_test(test_close),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
