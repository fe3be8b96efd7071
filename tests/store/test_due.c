/* SPDX-License-Identifier: MIT */
#include "due.h"

#include "core/clock.h"
#include "world.h"

#define NEVER (INT64_MAX / 2)

static void
add(struct world *world, unsigned count, struct fake_mail mail)
{
	for (unsigned i = 0; i < count; i++)
		fake_add(&world->fake, &mail);
}

static unsigned
count(const char *trace, const char *word)
{
	unsigned found = 0;

	for (; (trace = strstr(trace, word)) != NULL; trace++)
		found++;
	return found;
}

/* What waits (due now), and what of it is in dispatch then. */
static const struct {
	const char *name;
	unsigned fresh, tried;               /* wait */
	unsigned fresh_loaded, tried_loaded; /* of a window of 10 */
} windows[] = {
	{ "nothing", 0, 0, 0, 0 },
	{ "all fit", 3, 4, 3, 4 },
	{ "fresh alone", 30, 0, 10, 0 },
	{ "tried alone", 0, 30, 0, 10 },
	{ "both: fresh has its share", 30, 30, 7, 3 },
	{ "a few fresh leave the rest", 2, 30, 2, 8 },
	{ "a few tried leave the rest", 30, 1, 9, 1 },
};

static void
test_window(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(windows); i++) {
		struct world *world = world_new("WINDOW_MAILS=10");
		g_autofree char *trace = NULL;

		add(world, windows[i].fresh,
		    (struct fake_mail){ .letter = 'F', .fresh = true });
		add(world, windows[i].tried,
		    (struct fake_mail){ .letter = 'T' });
		world_open(world);
		world_settle(world);
		trace = fake_take(&world->fake);
		assert_null(strstr(trace, "onward"));
		g_free(trace);
		store_start(world->store);
		world_settle_all(world);
		trace = fake_take(&world->fake);
		if (count(trace, "onward F") != windows[i].fresh_loaded ||
		    count(trace, "onward T") != windows[i].tried_loaded)
			fail_msg("%s: %s", windows[i].name, trace);
		assert_null(strstr(trace, "not-ours"));
		world_free(world);
	}
}

/* Each that lands makes room for one. */
static void
test_landing_makes_room(void **state)
{
	struct world *world = world_new("WINDOW_MAILS=10");
	struct journal *journal;

	(void)state;
	add(world, 12, (struct fake_mail){ .letter = 'T' });
	world_open(world);
	store_start(world->store);
	world_settle(world);
	g_free(fake_take(&world->fake));
	journal = world_journal(world, JOURNAL_LANDED, 'T', 10);
	g_snprintf(
	    journal->message->submission->id, ID_LENGTH + 1, "%025uT", 3);
	journal->due_ms = NEVER;
	store_journal_post(world->store, journal);
	fake_await(&world->fake, "onward T");
	world_settle(world);
	fake_expect(&world->fake,
	    "begin landed T commit recorded T begin load T commit onward T");
	world_free(world);
}

static void
test_slices(void **state)
{
	struct world *world = world_new("");

	(void)state;
	add(world, 250, (struct fake_mail){ .letter = 'F', .fresh = true });
	world_open(world);
	store_start(world->store);
	for (unsigned loaded = 0; loaded < 250;) {
		g_autofree char *trace = NULL;

		fake_await(&world->fake, "onward F");
		world_settle(world);
		trace = fake_take(&world->fake);
		loaded += count(trace, "onward F");
	}
	world_close(world);
	assert_int_equal(world->fake.most, 100);
	world_free(world);
}

static void
test_bytes(void **state)
{
	struct world *world = world_start("WINDOW_BYTES=1m INLINE_MAX=0");

	(void)state;
	fake_hold(&world->fake, true);
	world_accept(world, 'A');
	fake_await(&world->fake, "at-commit");
	fake_hold(&world->fake, false);
	store_accept_post(world->store, world_submission(world, 'B', 1 << 20));
	fake_await(&world->fake, "onward B"); /* the last may pass it */
	world_accept(world, 'C');
	fake_await(&world->fake, "250 C");
	g_autofree char *trace = fake_take(&world->fake);
	assert_non_null(strstr(trace, "accept-waiting-file C"));
	world_free(world);
}

/* Whom a word wakes, of five that wait for a provider and two that do not. */
static const struct {
	const char *name;
	unsigned words[3];
	unsigned loaded;
} wakes[] = {
	{ "one", { 1 }, 1 },
	{ "two", { 2 }, 2 },
	{ "one after one", { 1, 1 }, 2 },
	{ "more than there are", { 100 }, 5 },
	{ "all", { UINT_MAX }, 5 },
	{ "one, then all", { 1, UINT_MAX }, 5 },
};

static void
add_sleepers(struct world *world)
{
	add(world, 5,
	    (struct fake_mail){
		.letter = 'W', .woken = true, .due_ms = NEVER });
	add(world, 2, (struct fake_mail){ .letter = 'N', .due_ms = NEVER });
}

static void
test_wake(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(wakes); i++) {
		struct world *world = world_new("");
		g_autofree char *trace = NULL;

		world_open(world);
		store_start(world->store);
		world_settle_all(world); /* the start wakes all there are */
		add_sleepers(world);
		g_free(fake_take(&world->fake));
		for (unsigned j = 0; wakes[i].words[j] != 0; j++)
			store_wake_post(world->store, wakes[i].words[j]);
		world_settle_all(world);
		trace = fake_take(&world->fake);
		if (count(trace, "onward W") != wakes[i].loaded ||
		    count(trace, "onward N") != 0)
			fail_msg("%s: %s", wakes[i].name, trace);
		world_free(world);
	}
}

/* Whatever was wrong with the providers may be over. */
static void
test_wake_at_the_start(void **state)
{
	struct world *world = world_new("");
	g_autofree char *trace = NULL;

	(void)state;
	add_sleepers(world);
	world_open(world);
	store_wake_post(world->store, UINT_MAX);
	world_settle_all(world);
	trace = fake_take(&world->fake);
	assert_int_equal(count(trace, "onward"), 0); /* not started */
	g_free(trace);
	store_start(world->store);
	world_settle_all(world);
	trace = fake_take(&world->fake);
	assert_int_equal(count(trace, "onward W"), 5);
	assert_int_equal(count(trace, "onward N"), 0);
	world_free(world);
}

static void
land(struct world *world, char letter, unsigned number)
{
	struct journal *journal =
	    world_journal(world, JOURNAL_LANDED, letter, 10);

	g_snprintf(journal->message->submission->id, ID_LENGTH + 1, "%025u%c",
	    number, letter);
	journal->due_ms = NEVER;
	store_journal_post(world->store, journal);
}

static void
expect_onward(struct world *world, const char *word, unsigned wanted)
{
	g_autofree char *trace = NULL;

	world_settle_all(world);
	trace = fake_take(&world->fake);
	if (count(trace, word) != wanted)
		fail_msg("%u of %s, not %s", wanted, word, trace);
}

/* Woken mail comes as the ramp has it, one for each that landed; what is due
 * does not wait for it, and all have come at last. */
static void
test_ramp(void **state)
{
	struct world *world = world_new("");

	(void)state;
	world_open(world);
	store_start(world->store);
	world_settle_all(world);
	add_sleepers(world);
	g_free(fake_take(&world->fake));
	store_ramp_post(world->store, 2);
	store_wake_post(world->store, UINT_MAX);
	expect_onward(world, "onward W", 2);
	expect_onward(world, "onward", 0);
	land(world, 'W', 0);
	expect_onward(world, "onward W", 1);
	store_ramp_post(world->store, 1);
	land(world, 'W', 1);
	expect_onward(world, "onward W", 0);
	add(world, 1, (struct fake_mail){ .letter = 'D' });
	store_ramp_post(world->store, 1); /* has it look */
	expect_onward(world, "onward D", 1);
	store_ramp_post(world->store, 100);
	expect_onward(world, "onward W", 2);
	add_sleepers(world); /* woken are those that were there */
	land(world, 'W', 2);
	expect_onward(world, "onward", 0);
	world_free(world);
}

/* All are woken while the window has no room; then no more of them. */
static void
test_wake_no_more(void **state)
{
	struct world *world = world_new("WINDOW_MAILS=10");

	(void)state;
	add(world, 10, (struct fake_mail){ .letter = 'F', .fresh = true });
	world_open(world);
	store_start(world->store);
	world_settle(world);
	store_wake_post(world->store, 0); /* nor those of the start */
	add_sleepers(world);
	world_settle(world);
	g_free(fake_take(&world->fake));
	store_wake_post(world->store, UINT_MAX);
	store_wake_post(world->store, 3);
	store_wake_post(world->store, 0);
	struct journal *journal = world_journal(world, JOURNAL_LANDED, 'F', 10);
	g_snprintf(
	    journal->message->submission->id, ID_LENGTH + 1, "%025uF", 0);
	journal->due_ms = NEVER;
	store_journal_post(world->store, journal);
	fake_await(&world->fake, "recorded F");
	world_settle_all(world);
	g_autofree char *trace = fake_take(&world->fake);
	assert_null(strstr(trace, "onward"));
	world_free(world);
}

/* One that is due in a moment comes by itself. */
static void
test_timer(void **state)
{
	struct world *world = world_new("");

	(void)state;
	add(world, 1,
	    (struct fake_mail){
		.letter = 'T', .due_ms = clock_wall_ms() + 50 });
	world_open(world);
	store_start(world->store);
	fake_await(&world->fake, "onward T");
	assert_true(clock_wall_ms() >= world->fake.mails[0].due_ms);
	world_free(world);
}

static void
test_landed_is_due_again(void **state)
{
	struct world *world = world_start("");
	struct journal *journal = world_journal(world, JOURNAL_LANDED, 'T', 10);

	(void)state;
	journal->due_ms = clock_wall_ms() + 50;
	add(world, 1,
	    (struct fake_mail){ .letter = 'T', .due_ms = journal->due_ms });
	store_journal_post(world->store, journal);
	fake_await(&world->fake, "onward T");
	world_free(world);
}

/* most_ms of the last clamp, which is forgotten; 0: there was none. */
static int64_t
take_clamp(struct world *world)
{
	int64_t clamped;

	pthread_mutex_lock(&world->fake.lock);
	clamped = world->fake.clamped;
	world->fake.clamped = 0;
	pthread_mutex_unlock(&world->fake.lock);
	return clamped;
}

static void
on_ahead(void *object)
{
	((struct store *)object)->due.ahead_ms += 61000;
}

/* As if the clock had been set back by a minute and a second: nobody waits
 * longer than the longest pause, spread.  At the start too, once. */
static void
test_set_back(void **state)
{
	struct world *world = world_new("");
	int64_t now_ms = clock_wall_ms(), most_ms = 72 * 60 * 1000;

	(void)state;
	add(world, 1, (struct fake_mail){ .letter = 'T', .due_ms = NEVER });
	world->fake.beyond = 2;
	world_open(world);
	world_stop_clock(world);
	store_start(world->store);
	world_settle_all(world);
	assert_int_equal(world->fake.beyond, 0);
	assert_int_equal(take_clamp(world), most_ms);
	assert_in_range(world->fake.mails[0].due_ms, now_ms + most_ms,
	    clock_wall_ms() + most_ms);
	for (unsigned i = 0; i < 2; i++) { /* it was not */
		world_tick(world);
		store_wake_post(world->store, 1);
		world_settle_all(world);
	}
	assert_int_equal(take_clamp(world), 0);
	loop_call(world->store->loop, on_ahead, world->store);
	world_tick(world);
	while (take_clamp(world) == 0)
		world_settle(world);
	world_free(world);
}

static void
on_woken_ahead(void *object)
{
	((struct store *)object)->due.woken_ms = clock_wall_ms() + 61000;
}

static int64_t woken_ms;

static void
on_woken_read(void *object)
{
	woken_ms = ((struct store *)object)->due.woken_ms;
}

/* As if all had been woken a minute before the clock was set back by more: who
 * lands from now on is not among them. */
static void
test_set_back_woken(void **state)
{
	struct world *world = world_start("");

	(void)state;
	world_settle_all(world);
	world_stop_clock(world);
	store_ramp_post(world->store, 0);
	loop_call(world->store->loop, on_woken_ahead, world->store);
	world_tick(world);
	do {
		world_settle(world);
		loop_call(world->store->loop, on_woken_read, world->store);
	} while (woken_ms > clock_wall_ms());
	assert_true(woken_ms > 0);
	world_free(world);
}

/* A doubt may be waited out for longer than mail waits for a provider. */
static void
test_set_back_doubt(void **state)
{
	struct world *world = world_start("DOUBT_WAIT_ERROR=2h");

	(void)state;
	world_settle_all(world);
	assert_int_equal(take_clamp(world), 2 * 3600 * 1000);
	world_free(world);
}

/* A clamp that found no room is made again. */
static void
test_set_back_while_full(void **state)
{
	struct world *world = world_new("BALLAST=4k");

	(void)state;
	fake_fail(&world->fake, "clamp", ENGINE_FULL, 1);
	world_open(world);
	store_start(world->store);
	while (take_clamp(world) == 0)
		world_settle(world);
	world_free(world);
}

static void
test_quiet(void **state)
{
	struct world *world = world_new("");

	(void)state;
	world_open(world);
	store_start(world->store);
	store_quiet(world->store);
	g_free(fake_take(&world->fake));
	add(world, 3, (struct fake_mail){ .letter = 'T' });
	store_wake_post(world->store, UINT_MAX);
	world_settle_all(world);
	fake_expect(&world->fake, "");
	world_close(world);
	fake_expect(&world->fake, "close");
	world_free(world);
}

static void
test_offline(void **state)
{
	struct world *world = world_new("");

	(void)state;
	world->offline = true;
	world->fake.left = "AB";
	add(world, 3, (struct fake_mail){ .letter = 'T' });
	world_open(world);
	world_settle(world);
	assert_false(world_has_file(world, "ballast"));
	world_close(world);
	fake_expect(&world->fake, "close");
	world_free(world);
}

/* One that cannot be read is held; the others come. */
static void
test_damaged(void **state)
{
	struct world *world = world_new("");

	(void)state;
	add(world, 1, (struct fake_mail){ .letter = 'A', .fresh = true });
	add(world, 1,
	    (struct fake_mail){
		.letter = 'B', .fresh = true, .damaged = true });
	add(world, 1, (struct fake_mail){ .letter = 'C', .fresh = true });
	world_open(world);
	store_start(world->store);
	world_settle(world);
	fake_expect(&world->fake,
	    "begin load A load B load C commit onward A onward C");
	world_free(world);
}

/* What was loaded in a transaction that failed was not loaded. */
static const struct {
	const char *wrong;
	enum engine_result how;
	const char *trace;
} faults[] = {
	{ "load", ENGINE_FULL, "load:full" },
	{ "commit", ENGINE_FULL, "begin load A commit:full" },
	{ "load", ENGINE_BAD, "load:bad failed" },
	{ "commit", ENGINE_BAD, "begin load A commit:bad failed" },
	{ "due", ENGINE_BAD, "begin due:bad failed" },
	{ "next", ENGINE_BAD, "begin load A next:bad failed" },
};

static void
test_faults(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
		struct world *world = world_new("BALLAST=4k");
		g_autofree char *trace = NULL;

		add(world, 1,
		    (struct fake_mail){ .letter = 'A', .fresh = true });
		fake_fail(&world->fake, faults[i].wrong, faults[i].how, 1);
		world_open(world);
		store_start(world->store);
		if (faults[i].how == ENGINE_FULL)
			fake_await(&world->fake, "onward A");
		else
			world_settle(world);
		trace = fake_take(&world->fake);
		if (strstr(trace, faults[i].trace) == NULL)
			fail_msg("%s: %s", faults[i].trace, trace);
		assert_int_equal(
		    count(trace, "onward"), faults[i].how == ENGINE_FULL);
		world_free(world);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_landing_makes_room),
		cmocka_unit_test(test_slices),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_wake),
		cmocka_unit_test(test_wake_at_the_start),
		cmocka_unit_test(test_wake_no_more),
		cmocka_unit_test(test_ramp),
		cmocka_unit_test(test_timer),
		cmocka_unit_test(test_landed_is_due_again),
		cmocka_unit_test(test_set_back),
		cmocka_unit_test(test_set_back_woken),
		cmocka_unit_test(test_set_back_doubt),
		cmocka_unit_test(test_set_back_while_full),
		cmocka_unit_test(test_quiet),
		cmocka_unit_test(test_offline),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
