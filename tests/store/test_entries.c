/* SPDX-License-Identifier: MIT */
#include "entries.h"

#include "world.h"

static void
test_recorded_after_the_commit(void **state)
{
	struct world *world = world_start("");

	(void)state;
	fake_hold(&world->fake, true);
	world_enter(world, JOURNAL_BEGUN, 'A');
	fake_await(&world->fake, "at-commit");
	fake_expect(&world->fake, "begin begun A at-commit");
	fake_hold(&world->fake, false);
	fake_await(&world->fake, "recorded A");
	fake_expect(&world->fake, "commit recorded A");
	world_free(world);
}

static void
test_nobody_asks(void **state)
{
	struct world *world = world_start("");
	struct journal *journal = world_journal(world, JOURNAL_ENDED, 'A', 10);

	(void)state;
	g_free(journal->object);
	journal->recorded = NULL;
	store_journal_post(world->store, journal);
	world_settle(world);
	fake_expect(&world->fake, "begin ended A commit");
	world_free(world);
}

/* Lets the store read all that is posted until fake_hold(false) at once. */
static void
gather(struct world *world)
{
	fake_hold(&world->fake, true);
	world_accept(world, 'Z');
	fake_await(&world->fake, "at-commit");
	g_free(fake_take(&world->fake));
}

static void
test_order(void **state)
{
	struct world *world = world_start("");

	(void)state;
	gather(world);
	world_enter(world, JOURNAL_BEGUN, 'A');
	world_enter(world, JOURNAL_ENDED, 'B');
	world_enter(world, JOURNAL_TAKEN, 'C');
	world_enter(world, JOURNAL_ENDED, 'C');
	world_enter(world, JOURNAL_LANDED, 'B');
	world_enter(world, JOURNAL_LANDED, 'C');
	fake_hold(&world->fake, false);
	fake_await(&world->fake, "recorded C recorded B recorded C");
	fake_expect(&world->fake,
	    "commit 250 Z onward Z begin begun A ended B taken C ended C "
	    "landed B landed C commit recorded A recorded B recorded C "
	    "recorded C recorded B recorded C");
	world_free(world);
}

/* Its file is made by another thread: what follows of the same mail waits,
 * other mails do not. */
static void
test_taken_is_not_overtaken(void **state)
{
	struct world *world = world_start("INLINE_MAX=1000");

	(void)state;
	gather(world);
	store_journal_post(
	    world->store, world_journal(world, JOURNAL_TAKEN, 'A', 2000));
	world_enter(world, JOURNAL_ENDED, 'A');
	world_enter(world, JOURNAL_LANDED, 'A');
	world_enter(world, JOURNAL_ENDED, 'B');
	fake_hold(&world->fake, false);
	fake_await(&world->fake, "recorded A recorded A recorded A");
	fake_expect(&world->fake,
	    "commit 250 Z onward Z begin ended B commit recorded B "
	    "begin taken-file A ended A landed A commit "
	    "recorded A recorded A recorded A");
	assert_true(world_has_file(world, "bodies/0000000000000000000000000A"));
	world_free(world);
}

static void
test_absent(void **state)
{
	struct world *world = world_start("");

	(void)state;
	world->fake.absent = 'A';
	gather(world);
	world_enter(world, JOURNAL_ENDED, 'A');
	world_enter(world, JOURNAL_ENDED, 'B');
	world_enter(world, JOURNAL_LANDED, 'A');
	fake_hold(&world->fake, false);
	fake_await(&world->fake, " recorded A");
	fake_expect(&world->fake, "commit 250 Z onward Z begin ended B commit "
				  "unrecorded A recorded B recorded A");
	world_free(world);
}

static struct journal *
land_with_report(struct world *world, char letter, char report, size_t bytes)
{
	struct journal *journal =
	    world_journal(world, JOURNAL_LANDED, letter, 100);

	journal->due_ms = INT64_MAX / 2;
	journal->report = fake_submission(&world->fake, report, bytes);
	journal->report->report = true;
	journal->report->config = config_ref(world->config);
	return journal;
}

/* The bounce comes in the transaction that fails the recipient. */
static void
test_report(void **state)
{
	struct world *world = world_start("INLINE_MAX=1000");

	(void)state;
	store_journal_post(
	    world->store, land_with_report(world, 'A', 'R', 100));
	fake_await(&world->fake, "recorded A");
	fake_expect(
	    &world->fake, "begin landed A accept R commit onward R recorded A");
	store_journal_post(
	    world->store, land_with_report(world, 'B', 'S', 2000));
	fake_await(&world->fake, "recorded B");
	fake_expect(&world->fake,
	    "begin landed B accept-file S commit onward S recorded B");
	world_free(world);
}

/* A takeover that failed left the mail to its client, who hears of it. */
static void
test_report_of_absent(void **state)
{
	struct world *world = world_start("INLINE_MAX=1000");

	(void)state;
	world->fake.absent = 'A';
	store_journal_post(
	    world->store, land_with_report(world, 'A', 'S', 2000));
	fake_await(&world->fake, "recorded A");
	fake_expect(&world->fake, "begin commit recorded A");
	assert_false(
	    world_has_file(world, "bodies/0000000000000000000000000S"));
	world_free(world);
}

/* What a full disk means for an entry, and what when there is room again. */
static const struct {
	enum journal_kind kind;
	const char *wrong; /* what fails */
	const char *full;  /* the trace when it does */
	const char *still; /* after a second in which there is no room */
	const char *well;  /* after one in which there is */
} full_rows[] = {
	{ JOURNAL_BEGUN, "begun", "begin begun:full", "begin begun:full",
	    "begin begun A commit recorded A" },
	{ JOURNAL_ENDED, "ended", "begin ended:full begin ended:full",
	    "begin ended:full begin ended:full",
	    "begin ended A commit recorded A" },
	{ JOURNAL_LANDED, "landed", "begin landed:full begin landed:full",
	    "begin landed:full begin landed:full",
	    "begin landed A commit recorded A" },
	{ JOURNAL_TAKEN, "taken",
	    "begin taken:full begin taken:full unrecorded A", "begin commit",
	    "" },
	{ JOURNAL_NOTED, "noted", "begin noted:full begin noted:full",
	    "begin noted:full begin noted:full",
	    "begin noted commit recorded A" },
	{ JOURNAL_ENDED, "commit",
	    "begin ended A commit:full begin ended A commit:full",
	    "begin ended A commit:full begin ended A commit:full",
	    "begin ended A commit recorded A" },
};

static void
test_full(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(full_rows); i++) {
		struct world *world = world_start("BALLAST=4k");

		world_stop_clock(world);
		fake_fail(&world->fake, full_rows[i].wrong, ENGINE_FULL, -1);
		world_enter(world, full_rows[i].kind, 'A');
		world_settle(world);
		assert_int_equal(disk_state(world->disk), DISK_FULL);
		assert_false(world_has_file(world, "ballast"));
		world_settle(world);
		fake_expect(&world->fake, full_rows[i].full);
		world_tick(world);
		fake_await(&world->fake, full_rows[i].still);
		world_stop_clock(world);
		fake_expect(&world->fake, full_rows[i].still);
		fake_fail(&world->fake, NULL, ENGINE_OK, 0);
		world_tick(world);
		fake_await(&world->fake, full_rows[i].well);
		world_settle(world);
		fake_expect(&world->fake, full_rows[i].well);
		while (disk_state(world->disk) != DISK_WELL)
			world_settle(world);
		assert_true(world_has_file(world, "ballast"));
		world_free(world);
	}
}

/* A beginning that waits holds back what follows of its mail, nothing else; the
 * ballast is what results are recorded with. */
static void
test_full_keeps_the_order(void **state)
{
	struct world *world = world_start("BALLAST=4k");

	(void)state;
	world_stop_clock(world);
	gather(world);
	fake_fail(&world->fake, "begun", ENGINE_FULL, 1);
	world_enter(world, JOURNAL_ENDED, 'C');
	world_enter(world, JOURNAL_BEGUN, 'A');
	world_enter(world, JOURNAL_LANDED, 'A');
	world_accept(world, 'X');
	world_enter(world, JOURNAL_LANDED, 'B');
	world_enter(world, JOURNAL_TAKEN, 'D');
	fake_hold(&world->fake, false);
	fake_await(&world->fake, "recorded D");
	world_accept(world, 'Y');
	fake_await(&world->fake, "452 Y");
	world_enter(world, JOURNAL_ENDED, 'B');
	world_settle(world);
	fake_expect(&world->fake,
	    "commit 250 Z onward Z begin accept X ended C begun:full 452 X "
	    "begin ended C landed B commit recorded C recorded B "
	    "begin taken D commit recorded D "
	    "452 Y begin ended B commit recorded B");
	world_tick(world);
	fake_await(&world->fake, "recorded A recorded A");
	fake_expect(&world->fake,
	    "begin begun A landed A commit recorded A recorded A");
	world_free(world);
}

/* When postferry stops nothing begins any more; what came of what began is
 * still recorded as soon as it can be. */
static void
test_full_and_quiet(void **state)
{
	struct world *world = world_start("BALLAST=4k");

	(void)state;
	world_stop_clock(world);
	fake_fail(&world->fake, "begun", ENGINE_FULL, -1);
	world_enter(world, JOURNAL_BEGUN, 'A');
	world_settle(world);
	fake_expect(&world->fake, "begin begun:full");
	store_quiet_post(world->store);
	fake_await(&world->fake, "unrecorded A");
	fake_fail(&world->fake, "enter", ENGINE_FULL, -1);
	world_enter(world, JOURNAL_BEGUN, 'B');
	fake_await(&world->fake, "unrecorded B");
	world_enter(world, JOURNAL_TAKEN, 'C');
	fake_await(&world->fake, "unrecorded C");
	world_enter(world, JOURNAL_ENDED, 'D');
	world_enter(world, JOURNAL_LANDED, 'D');
	world_settle(world);
	g_free(fake_take(&world->fake));
	fake_fail(&world->fake, NULL, ENGINE_OK, 0);
	world_tick(world);
	fake_await(&world->fake, "recorded D recorded D");
	fake_expect(&world->fake,
	    "begin ended D landed D commit recorded D recorded D");
	world_free(world);
}

/* A report that does not fit takes its landing back with it. */
static void
test_full_report(void **state)
{
	struct world *world = world_start("BALLAST=4k");

	(void)state;
	fake_fail(&world->fake, "accept", ENGINE_FULL, 2);
	store_journal_post(
	    world->store, land_with_report(world, 'A', 'R', 100));
	fake_await(&world->fake, "recorded A");
	fake_expect(&world->fake,
	    "begin landed A accept:full begin landed A accept:full "
	    "begin landed A accept R commit onward R recorded A");
	world_free(world);
}

/* Who wants nothing counted does not wait for the disk. */
static void
test_passed(void **state)
{
	struct world *world = world_start("");
	struct journal *journal;

	(void)state;
	world_enter(world, JOURNAL_PASSED, 'A');
	fake_await(&world->fake, "recorded A");
	world_settle_all(world);
	fake_expect(&world->fake, "recorded A");
	journal = world_journal(world, JOURNAL_PASSED, 'B', 100);
	journal->counts.possible = 1;
	store_journal_post(world->store, journal);
	fake_await(&world->fake, "recorded B");
	fake_expect(&world->fake, "begin passed B commit recorded B");
	world_free(world);
}

/* What is of no mail is written with what is of one, and holds back none. */
static void
test_noted(void **state)
{
	struct world *world = world_start("");

	(void)state;
	gather(world);
	world_enter(world, JOURNAL_NOTED, 'N');
	world_enter(world, JOURNAL_BEGUN, 'A');
	world_enter(world, JOURNAL_NOTED, 'O');
	fake_hold(&world->fake, false);
	fake_await(&world->fake, " recorded O");
	fake_expect(&world->fake,
	    "commit 250 Z onward Z begin noted begun A noted commit "
	    "recorded N recorded A recorded O");
	world_free(world);
}

static const enum journal_kind kinds[] = { JOURNAL_BEGUN, JOURNAL_ENDED,
	JOURNAL_LANDED, JOURNAL_TAKEN, JOURNAL_PASSED, JOURNAL_NOTED };

static void
test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		struct world *world = world_start("");

		gather(world);
		fake_fail(&world->fake, "commit", ENGINE_BAD, -1);
		world_enter(world, kinds[i], 'A');
		fake_hold(&world->fake, false);
		fake_await(&world->fake, "unrecorded A");
		world_enter(world, kinds[i], 'B');
		fake_await(&world->fake, "unrecorded B");
		fake_expect(&world->fake,
		    "commit:bad failed 451 Z unrecorded A unrecorded B");
		assert_int_equal(disk_state(world->disk), DISK_BAD);
		world_free(world);
	}
}

/* Who waits at the end is told, whatever the state. */
static void
test_close_while_full(void **state)
{
	struct world *world = world_start("BALLAST=4k");

	(void)state;
	fake_fail(&world->fake, "enter", ENGINE_FULL, -1);
	world_enter(world, JOURNAL_BEGUN, 'A');
	world_enter(world, JOURNAL_ENDED, 'B');
	world_enter(world, JOURNAL_TAKEN, 'C');
	world_close(world);
	g_autofree char *trace = fake_take(&world->fake);
	assert_non_null(strstr(trace, "unrecorded A"));
	assert_non_null(strstr(trace, "unrecorded B"));
	assert_non_null(strstr(trace, "unrecorded C"));
	world_free(world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recorded_after_the_commit),
		cmocka_unit_test(test_nobody_asks),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_taken_is_not_overtaken),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_report),
		cmocka_unit_test(test_report_of_absent),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_full_keeps_the_order),
		cmocka_unit_test(test_full_and_quiet),
		cmocka_unit_test(test_full_report),
		cmocka_unit_test(test_passed),
		cmocka_unit_test(test_noted),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_close_while_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
