/* SPDX-License-Identifier: MIT */
#include "cutoff.h"

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define PAUSE 5000

static const struct breaker_limits limits = { PAUSE, 300000 };

static struct {
	struct cutoff *cutoff;
	struct breaker breakers[3];
} host;

static void
set_up(unsigned count)
{
	host.cutoff = cutoff_new();
	for (unsigned i = 0; i < count; i++) {
		host.breakers[i] = (struct breaker){ 0 };
		assert_int_equal(
		    cutoff_join(host.cutoff, &host.breakers[i]), i);
	}
}

/* One attempt that comes to no connection after so long; true: this host is cut
 * off. */
static bool
fail_late(unsigned number, int64_t now_ms, int64_t duration_ms)
{
	struct breaker *breaker = &host.breakers[number];
	const struct cutoff_failure failure = { number, now_ms - duration_ms,
		now_ms, PAUSE };
	const struct breaker_news news = { .moment = { now_ms, 0.5 } };
	struct breaker_mark mark = breaker_begin(breaker);

	if (cutoff_failed(host.cutoff, &failure))
		return true;
	breaker_failure(breaker, &mark, &limits, &news);
	return false;
}

static bool
fail_one(unsigned number, int64_t now_ms)
{
	return fail_late(number, now_ms, 0);
}

/* Failures in order: of which at what time; 'a' answered. */
static const struct {
	const char *name;
	unsigned lanes;
	struct {
		char which; /* '0' to '2', 'a', 0: the end */
		int64_t at_ms;
	} events[6];
	bool on;
} cases[] = {
	{ "one of two", 2, { { '0', 0 }, { '0', 1 } }, false },
	{ "both", 2, { { '0', 0 }, { '1', 1 } }, true },
	{ "both, five seconds apart", 2, { { '0', 0 }, { '1', 5000 } }, true },
	{ "both, too far apart", 2, { { '0', 0 }, { '1', 5001 } }, false },
	{ "the last one counts", 2,
	    { { '0', 0 }, { '0', 4000 }, { '1', 8000 } }, true },
	{ "one that answers in between", 2,
	    { { '0', 0 }, { 'a', 1 }, { '1', 2 } }, false },
	{ "two of three", 3, { { '0', 0 }, { '1', 1 } }, false },
	{ "three of three", 3, { { '0', 0 }, { '1', 1 }, { '2', 2 } }, true },
	{ "the only one", 1, { { '0', 0 }, { '0', 1 }, { '0', 2 } }, false },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		set_up(cases[i].lanes);
		for (unsigned n = 0; cases[i].events[n].which != 0; n++) {
			if (cases[i].events[n].which == 'a')
				cutoff_answered(host.cutoff);
			else
				fail_one(
				    (unsigned)(cases[i].events[n].which - '0'),
				    cases[i].events[n].at_ms);
		}
		if (cutoff_is_on(host.cutoff) != cases[i].on)
			fail_msg("%s", cases[i].name);
		cutoff_free(host.cutoff);
	}
}

/* A mail that waited for one until the time to connect was over, and then for
 * the next. */
static void
test_late(void **state)
{
	static const struct {
		int64_t duration_ms;
		bool on;
	} rows[] = { { 10000, true }, { 5000, true }, { 4999, false } };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		set_up(2);
		assert_false(fail_late(0, 10000, 10000));
		assert_int_equal(
		    fail_late(1, 20000, rows[i].duration_ms), rows[i].on);
		cutoff_free(host.cutoff);
	}
}

static void
check_held(unsigned number, int64_t until_ms)
{
	const struct breaker *breaker = &host.breakers[number];

	assert_int_equal(breaker->state, BREAKER_OPEN);
	assert_int_equal(breaker->reason, BREAKER_CUT_OFF);
	assert_int_equal(breaker->until_ms, until_ms);
	assert_int_equal(breaker->pause_ms, 0); /* nothing grows */
}

/* Even one whose breaker opened by these failures has not failed. */
static void
test_taken_back(void **state)
{
	struct breaker_mark before;

	(void)state;
	set_up(2);
	before = breaker_begin(&host.breakers[0]);
	for (unsigned i = 0; i < BREAKER_FAILURES; i++)
		assert_false(fail_one(0, 10));
	assert_int_equal(host.breakers[0].reason, BREAKER_FAILED);
	assert_true(fail_one(1, 1000));
	check_held(0, 6000);
	check_held(1, 6000);
	assert_true(breaker_opened_since(&host.breakers[0], &before));
	assert_true(cutoff_answered(host.cutoff));
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(host.breakers[i].state, BREAKER_CLOSED);
	assert_false(cutoff_answered(host.cutoff));
	/* four more are none, as after any success */
	for (unsigned i = 0; i < BREAKER_FAILURES - 1; i++)
		assert_false(fail_one(0, 20000));
	assert_int_equal(host.breakers[0].state, BREAKER_CLOSED);
	cutoff_free(host.cutoff);
}

/* A probe under way then is old news, though what opened the breaker before it
 * was begun is taken back. */
static void
test_probe_is_old_news(void **state)
{
	struct breaker_mark probe;

	(void)state;
	set_up(2);
	for (unsigned i = 0; i < BREAKER_FAILURES; i++)
		assert_false(fail_one(0, 10));
	probe = breaker_begin(&host.breakers[0]);
	assert_true(fail_one(1, 5010));
	assert_true(breaker_opened_since(&host.breakers[0], &probe));
	cutoff_free(host.cutoff);
}

static void
test_held_as_long_as_it_lasts(void **state)
{
	int64_t now = 0;

	(void)state;
	set_up(2);
	fail_one(0, now);
	fail_one(1, now);
	for (unsigned i = 0; i < 20; i++) {
		now = host.breakers[0].until_ms;
		assert_true(fail_one(0, now));
		check_held(0, now + PAUSE);
		assert_true(fail_one(1, now + 10));
		check_held(1, now + 10 + PAUSE);
	}
	cutoff_free(host.cutoff);
}

/* One that a person has to look at is not among those to wait for, and stays as
 * it is. */
static void
test_closed_for_another_reason(void **state)
{
	(void)state;
	set_up(3);
	breaker_hold(&host.breakers[2], BREAKER_ACCOUNT, 0, 100000);
	fail_one(0, 1);
	assert_true(fail_one(1, 2));
	assert_int_equal(host.breakers[2].reason, BREAKER_ACCOUNT);
	assert_int_equal(host.breakers[2].until_ms, 100000);
	/* it is not counted either when it is tried */
	assert_true(fail_one(2, 100000));
	assert_int_equal(host.breakers[2].reason, BREAKER_ACCOUNT);
	assert_int_equal(host.breakers[2].until_ms, 100000 + PAUSE);
	cutoff_answered(host.cutoff);
	assert_int_equal(host.breakers[0].state, BREAKER_CLOSED);
	assert_int_equal(host.breakers[2].state, BREAKER_OPEN);
	cutoff_free(host.cutoff);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_taken_back),
		cmocka_unit_test(test_probe_is_old_news),
		cmocka_unit_test(test_held_as_long_as_it_lasts),
		cmocka_unit_test(test_closed_for_another_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
