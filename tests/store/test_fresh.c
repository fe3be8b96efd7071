/* SPDX-License-Identifier: MIT */
#include "fresh.h"

#include "world.h"

static void
test_answered_after_the_commit(void **state)
{
	struct world *world = world_start("");

	(void)state;
	fake_hold(&world->fake, true);
	world_accept(world, 'A');
	fake_await(&world->fake, "at-commit");
	fake_expect(&world->fake, "begin accept A at-commit");
	fake_hold(&world->fake, false);
	fake_await(&world->fake, "onward A");
	fake_expect(&world->fake, "commit 250 A onward A");
	assert_string_equal(
	    world->fake.text, "2.0.0 Ok: queued as 0000000000000000000000000A");
	world_free(world);
}

static void
test_one_commit_for_all_that_waits(void **state)
{
	struct world *world = world_start("");

	(void)state;
	fake_hold(&world->fake, true);
	world_accept(world, 'A');
	fake_await(&world->fake, "at-commit");
	world_accept(world, 'B');
	world_enter(world, JOURNAL_BEGUN, 'X');
	world_accept(world, 'C');
	world_enter(world, JOURNAL_LANDED, 'Y');
	world_accept(world, 'D');
	fake_hold(&world->fake, false);
	fake_await(&world->fake, "recorded Y");
	fake_expect(&world->fake,
	    "begin accept A at-commit commit 250 A onward A "
	    "begin accept B accept C accept D begun X landed Y commit "
	    "250 B onward B 250 C onward C 250 D onward D "
	    "recorded X recorded Y");
	world_free(world);
}

static void
test_no_one_waits(void **state)
{
	struct world *world = world_start("");
	struct submission *submission = world_submission(world, 'A', 100);

	(void)state;
	submission->return_to.post = NULL;
	store_accept_post(world->store, submission);
	world_settle(world);
	fake_expect(&world->fake, "begin accept A commit onward A");
	world_free(world);
}

/* What goes wrong, where, and what the client hears. */
static const struct {
	const char *what;
	enum engine_result how;
	const char *trace; /* of a mail and another after it */
	const char *text;  /* of the last answer */
	enum disk_state state;
} faults[] = {
	{ "begin", ENGINE_FULL, "begin:full 452 A 452 B",
	    "4.3.1 Insufficient system storage; try again later", DISK_FULL },
	{ "accept", ENGINE_FULL, "begin accept:full 452 A 452 B",
	    "4.3.1 Insufficient system storage; try again later", DISK_FULL },
	{ "commit", ENGINE_FULL, "begin accept A commit:full 452 A 452 B",
	    "4.3.1 Insufficient system storage; try again later", DISK_FULL },
	{ "begin", ENGINE_BAD, "begin:bad failed 451 A 451 B",
	    "4.3.0 The mail cannot be kept; try again later", DISK_BAD },
	{ "accept", ENGINE_BAD, "begin accept:bad failed 451 A 451 B",
	    "4.3.0 The mail cannot be kept; try again later", DISK_BAD },
	{ "commit", ENGINE_BAD, "begin accept A commit:bad failed 451 A 451 B",
	    "4.3.0 The mail cannot be kept; try again later", DISK_BAD },
};

static void
test_faults(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
		struct world *world = world_start("BALLAST=4k");

		fake_fail(&world->fake, faults[i].what, faults[i].how, -1);
		world_accept(world, 'A');
		fake_await(&world->fake, " A");
		world_settle(world);
		assert_int_equal(disk_state(world->disk), faults[i].state);
		world_accept(world, 'B');
		fake_await(&world->fake, " B");
		fake_expect(&world->fake, faults[i].trace);
		assert_string_equal(world->fake.text, faults[i].text);
		world_free(world);
	}
}

static void
test_late_before(void **state)
{
	struct world *world = world_start("");
	struct submission *submission = world_submission(world, 'A', 100);

	(void)state;
	submission->deadline_ms = 1;
	store_accept_post(world->store, submission);
	fake_await(&world->fake, "451 A");
	fake_expect(&world->fake, "begin commit 451 A");
	assert_string_equal(world->fake.text,
	    "4.3.0 Keeping the mail took too long; try again later");
	world_free(world);
}

static void
test_late_after(void **state)
{
	struct world *world = world_start("INLINE_MAX=1000");

	(void)state;
	world->fake.expire = true;
	store_accept_post(world->store, world_submission(world, 'A', 2000));
	fake_await(&world->fake, "remove A commit");
	fake_expect(&world->fake,
	    "begin accept-file A commit 451 A begin remove A commit");
	world_settle(world);
	assert_false(
	    world_has_file(world, "bodies/0000000000000000000000000A"));
	/* the trace has shown all: nothing was sent */
	world_close(world);
	fake_expect(&world->fake, "close");
	world_free(world);
}

/* What is a file of its own: by size alone. */
static const struct {
	const char *settings;
	size_t bytes;
	const char *trace;
} sizes[] = {
	{ "", SPOOL_MEMORY_MAX, "begin accept A commit 250 A onward A" },
	{ "", SPOOL_MEMORY_MAX + 1,
	    "begin accept-file A commit 250 A onward A" },
	{ "INLINE_MAX=1000", 1000, "begin accept A commit 250 A onward A" },
	{ "INLINE_MAX=1000", 1001,
	    "begin accept-file A commit 250 A onward A" },
	{ "INLINE_MAX=0", 1, "begin accept-file A commit 250 A onward A" },
};

static void
test_sizes(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		struct world *world = world_start(sizes[i].settings);

		store_accept_post(
		    world->store, world_submission(world, 'A', sizes[i].bytes));
		fake_await(&world->fake, "onward A");
		fake_expect(&world->fake, sizes[i].trace);
		assert_int_equal(
		    world_has_file(world, "bodies/0000000000000000000000000A"),
		    strstr(sizes[i].trace, "file") != NULL);
		world_free(world);
	}
}

/* A file whose row does not come is gone; on a bad disk nothing is touched. */
static const struct {
	enum engine_result how;
	const char *trace;
	bool file;
} orphans[] = {
	{ ENGINE_FULL, "begin accept:full 452 A", false },
	{ ENGINE_BAD, "begin accept:bad failed 451 A", true },
};

static void
test_orphans(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(orphans); i++) {
		struct world *world = world_start("INLINE_MAX=0");

		fake_fail(&world->fake, "accept", orphans[i].how, -1);
		world_accept(world, 'A');
		fake_await(&world->fake, orphans[i].trace);
		world_settle(world);
		fake_expect(&world->fake, orphans[i].trace);
		assert_int_equal(
		    world_has_file(world, "bodies/0000000000000000000000000A"),
		    orphans[i].file);
		world_free(world);
	}
}

/* A file that cannot be made is no harm to other mails. */
static void
test_no_file(void **state)
{
	struct world *world = world_start("INLINE_MAX=1000");
	g_autofree char *bodies = world_path(world, "bodies");

	(void)state;
	assert_int_equal(rmdir(bodies), 0);
	store_accept_post(world->store, world_submission(world, 'A', 2000));
	fake_await(&world->fake, "451 A");
	fake_expect(&world->fake, "451 A");
	assert_string_equal(world->fake.text,
	    "4.3.0 The mail cannot be kept now; try again later");
	assert_int_equal(disk_state(world->disk), DISK_WELL);
	world_accept(world, 'B');
	fake_await(&world->fake, "onward B");
	fake_expect(&world->fake, "begin accept B commit 250 B onward B");
	world_free(world);
}

static void
test_window_is_full(void **state)
{
	struct world *world = world_start("WINDOW_MAILS=10");

	(void)state;
	fake_hold(&world->fake, true);
	world_accept(world, 'Z');
	fake_await(&world->fake, "at-commit");
	for (char letter = 'A'; letter <= 'K'; letter++)
		world_accept(world, letter);
	fake_hold(&world->fake, false);
	fake_await(&world->fake, "250 K");
	g_autofree char *trace = fake_take(&world->fake);
	assert_non_null(strstr(trace, "accept I"));
	assert_non_null(strstr(trace, "accept-waiting J"));
	assert_non_null(strstr(trace, "accept-waiting K"));
	assert_non_null(strstr(trace, "onward I"));
	assert_null(strstr(trace, "onward J"));
	world_free(world);
}

static void
test_not_started_or_quiet(void **state)
{
	struct world *world = world_new("");

	(void)state;
	world_open(world);
	world_accept(world, 'A');
	world_settle(world);
	fake_expect(&world->fake, "begin accept-waiting A commit 250 A");
	store_start(world->store);
	world_settle(world);
	g_free(fake_take(&world->fake));
	store_quiet_post(world->store);
	world_accept(world, 'B');
	world_settle(world);
	fake_expect(&world->fake, "begin accept-waiting B commit 250 B");
	world_free(world);
}

/* Everyone is answered, and what is not sent by then stays on disk. */
static void
test_close_answers_all(void **state)
{
	struct world *world = world_start("INLINE_MAX=1000");
	g_autofree char *trace = NULL;

	(void)state;
	for (char letter = 'A'; letter <= 'Z'; letter++)
		store_accept_post(world->store,
		    world_submission(world, letter, letter % 2 ? 2000 : 100));
	for (char letter = 'A'; letter <= 'Z'; letter++)
		world_enter(world, JOURNAL_LANDED, letter);
	world_close(world);
	trace = fake_take(&world->fake);
	for (char letter = 'A'; letter <= 'Z'; letter++) {
		char words[16];

		g_snprintf(words, sizeof(words), "250 %c", letter);
		assert_non_null(strstr(trace, words));
		g_snprintf(words, sizeof(words), "recorded %c", letter);
		assert_non_null(strstr(trace, words));
	}
	assert_true(g_str_has_suffix(trace, "close"));
	world_free(world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answered_after_the_commit),
		cmocka_unit_test(test_one_commit_for_all_that_waits),
		cmocka_unit_test(test_no_one_waits),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_late_before),
		cmocka_unit_test(test_late_after),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_orphans),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_window_is_full),
		cmocka_unit_test(test_not_started_or_quiet),
		cmocka_unit_test(test_close_answers_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
