/* SPDX-License-Identifier: MIT */
/* What a client hears that sends its mail again, and what is queued. */
#include "repeat.h"

#include "core/clock.h"
#include "world.h"

/* A mail of two recipients whose first, or both, are in that one. */
static struct submission *
make(struct world *world, char letter, const char *key)
{
	struct submission *submission = world_submission(world, letter, 100);
	struct envelope *envelope = submission->envelope;

	while (envelope->recipients->len < 2) {
		g_autofree char *to = g_strdup_printf(
		    "more%u@example.org", envelope->recipients->len);

		envelope_add_recipient(envelope, sample_address(to));
	}
	submission->resend_key = g_strdup(key);
	return submission;
}

#define FIRST "0000000000000000000000000A"

static void
test_whole(void **state)
{
	struct world *world = world_start("");

	(void)state;
	store_accept_post(world->store, make(world, 'B', "all " FIRST));
	fake_await(&world->fake, "250 B");
	fake_expect(&world->fake, "begin resends B commit 250 B");
	assert_string_equal(world->fake.text, "2.0.0 Ok: duplicate of " FIRST);
	world_free(world);
}

static void
test_some(void **state)
{
	struct world *world = world_start("");

	(void)state;
	store_accept_post(world->store, make(world, 'B', FIRST));
	fake_await(&world->fake, "onward B");
	fake_expect(
	    &world->fake, "begin resends B accept B commit 250 B onward B");
	assert_string_equal(
	    world->fake.text, "2.0.0 Ok: queued as 0000000000000000000000000B");
	world_free(world);
}

/* Whom it is queued for, with what they wish for. */
static void
test_left(void **state)
{
	struct world *world = world_start("");
	struct submission *submission = make(world, 'B', FIRST);
	struct envelope_wish first = { .notify = ENVELOPE_NOTIFY_NEVER };
	struct envelope_wish second = { .notify = ENVELOPE_NOTIFY_DELAY };
	struct repeat repeat = { 0 };

	(void)state;
	envelope_wish(submission->envelope, 0, &first);
	envelope_wish(submission->envelope, 1, &second);
	world_stop_clock(world);
	world_settle(world);
	assert_int_equal(
	    repeat_look(world->store, submission, &repeat), ENGINE_OK);
	assert_false(repeat.whole);
	assert_int_equal(repeat.known, 1);
	assert_int_equal(submission->envelope->recipients->len, 1);
	assert_string_equal(envelope_recipient(submission->envelope, 0)->text,
	    "more1@example.org");
	assert_int_equal(envelope_wish_of(submission->envelope, 0)->notify,
	    ENVELOPE_NOTIFY_DELAY);
	repeat_clear(&repeat);
	submission_free(submission);
	world_free(world);
}

/* A large one has a file by then, which nobody needs. */
static void
test_large(void **state)
{
	struct world *world = world_start("INLINE_MAX=1k");
	struct submission *submission = world_submission(world, 'B', 5000);

	(void)state;
	submission->resend_key = g_strdup("all " FIRST);
	store_accept_post(world->store, submission);
	fake_await(&world->fake, "250 B");
	store_close(g_steal_pointer(&world->store));
	assert_false(
	    world_has_file(world, "bodies/0000000000000000000000000B"));
	world_free(world);
}

static struct submission *
make_keyed(struct world *world, char letter, const char *key)
{
	struct submission *submission = world_submission(world, letter, 100);

	submission->idempotency_key = g_strdup(key);
	submission->idempotency_digest = g_strdup("x");
	submission->received_ms = clock_wall_ms();
	return submission;
}

static const struct {
	const char *key, *trace, *answer, *text;
	int64_t age_ms;
} keys[] = {
	{ "new", "begin keyed B accept B commit 250 B onward B", "onward B",
	    "2.0.0 Ok: queued as 0000000000000000000000000B", 0 },
	{ FIRST, "begin keyed B commit 250 B", "250 B",
	    "2.0.0 Ok: duplicate of " FIRST, 0 },
	{ "not " FIRST, "begin keyed B commit 554 B", "554 B",
	    "5.7.0 The key is that of another mail, " FIRST, 0 },
	{ FIRST, "begin keyed B accept B commit 250 B onward B", "onward B",
	    "2.0.0 Ok: queued as 0000000000000000000000000B",
	    25LL * 3600 * 1000 },
};

/* With a key one mail is accepted, for as long as the key is kept. */
static void
test_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
		struct world *world = world_start("");
		struct submission *submission =
		    make_keyed(world, 'B', keys[i].key);

		submission->received_ms -= keys[i].age_ms;
		store_accept_post(world->store, submission);
		fake_await(&world->fake, keys[i].answer);
		fake_expect(&world->fake, keys[i].trace);
		assert_string_equal(world->fake.text, keys[i].text);
		world_free(world);
	}
}

static const struct {
	const char *what;
	enum engine_result how;
	const char *trace, *text;
} faults[] = {
	{ "resends", ENGINE_FULL, "begin resends:full 452 B",
	    "4.3.1 Insufficient system storage; try again later" },
	{ "resends", ENGINE_BAD, "begin resends:bad failed 451 B",
	    "4.3.0 The mail cannot be kept; try again later" },
	{ "commit", ENGINE_FULL, "begin resends B commit:full 452 B",
	    "4.3.1 Insufficient system storage; try again later" },
};

/* Nothing is said to be a duplicate before all that waited is on disk. */
static void
test_faults(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
		struct world *world = world_start("");

		fake_fail(&world->fake, faults[i].what, faults[i].how, 1);
		store_accept_post(world->store, make(world, 'B', "all " FIRST));
		fake_await(&world->fake, "B");
		world_settle(world);
		fake_expect(&world->fake, faults[i].trace);
		assert_string_equal(world->fake.text, faults[i].text);
		world_free(world);
	}
}

/* The first was taken back in the same turn: its client was told to send it
 * again, and the resend may not count on it. */
static void
test_taken_back(void **state)
{
	static const char *const marks[] = { "all " FIRST, FIRST, NULL };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
		struct world *world = world_start("");
		struct submission *first = world_submission(world, 'A', 100);

		fake_hold(&world->fake, true);
		world_accept(world, 'X');
		fake_await(&world->fake, "at-commit");
		first->deadline_ms = clock_monotonic_ms() + 60000;
		store_accept_post(world->store, first);
		store_accept_post(world->store,
		    marks[i] != NULL ? make(world, 'B', marks[i])
				     : make_keyed(world, 'B', FIRST));
		world->fake.expires = 'A';
		world->fake.expire = true;
		fake_hold(&world->fake, false);
		fake_await(&world->fake, "451 B");
		world_settle(world);
		world_free(world);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_some),
		cmocka_unit_test(test_left),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
