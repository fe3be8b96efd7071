/* SPDX-License-Identifier: MIT */
#include "quota.h"

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define HOUR QUOTA_HOUR_MS

/* So many were taken at 0 of a quota of 100 an hour; then the rest at now. */
static const struct {
	const char *name;
	unsigned taken;
	int64_t now_ms;
	unsigned wanted;
	bool fits;
	uint64_t used;
} cases[] = {
	{ "a fresh one", 0, 0, 100, true, 0 },
	{ "some left", 60, 10, 40, true, 60 },
	{ "not so many left", 60, 10, 41, false, 60 },
	{ "none left", 100, HOUR - 1, 1, false, 100 },
	{ "anew with the hour", 100, HOUR, 100, true, 0 },
	{ "more than there are, fresh", 0, 0, 500, true, 0 },
	{ "more than there are, some left", 99, 0, 500, true, 99 },
	{ "more than there are, none left", 100, 0, 500, false, 100 },
	{ "what was too much is taken from the next", 250, HOUR, 1, false,
	    150 },
	{ "and from the one behind it", 250, 2 * HOUR, 50, true, 50 },
	{ "and no further", 250, 3 * HOUR, 100, true, 0 },
	{ "the clock set back gives nothing", 100, -5 * HOUR, 1, false, 100 },
	{ "years later", 100, 1000000 * HOUR, 100, true, 0 },
};

static void
test_fits(void **state)
{
	const int64_t start = 100 * HOUR;

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct quota quota = { .span_ms = HOUR, .most = 100 };
		int64_t now = start + cases[i].now_ms;

		quota_take(&quota, cases[i].taken, start);
		if (quota_fits(&quota, cases[i].wanted, now) != cases[i].fits ||
		    quota_used(&quota, now) != cases[i].used)
			fail_msg("%s: used %" G_GUINT64_FORMAT, cases[i].name,
			    quota_used(&quota, now));
	}
}

static void
test_any(void **state)
{
	struct quota quota = { .span_ms = HOUR };

	(void)state;
	quota_take(&quota, 1000000, 0);
	assert_true(quota_fits(&quota, 1000000, 0));
	assert_int_equal(quota_used(&quota, 0), 1000000);
	assert_int_equal(quota_used(&quota, HOUR), 0);
}

static void
test_returned(void **state)
{
	struct quota quota = { .span_ms = HOUR, .most = 100 };
	int64_t window = quota_take(&quota, 10, 0);

	(void)state;
	quota_return(&quota, 4, window);
	assert_int_equal(quota_used(&quota, 0), 6);
	quota_take(&quota, 5, HOUR);
	quota_return(&quota, 6, window); /* of the hour before */
	assert_int_equal(quota_used(&quota, HOUR), 5);
}

/* What is kept is never less than what is used, and is told ahead. */
static void
test_kept(void **state)
{
	static const struct {
		uint64_t most;
		unsigned taken; /* each time, a hundred times */
		unsigned told;  /* how often more had to be kept */
	} rows[] = { { 0, 1, 0 }, { 20, 1, 100 }, { 100, 1, 50 },
		{ 1000, 1, 10 }, { 1000, 100, 100 }, { 10000, 1, 1 },
		{ 1000000, 10, 10 } };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct quota quota = { .span_ms = HOUR, .most = rows[i].most };
		unsigned told = 0;
		for (unsigned n = 0; n < 100; n++) {
			quota_take(&quota, rows[i].taken, 0);
			told += quota_keep(&quota);
			if (quota.most > 0 && quota.kept < quota.used)
				fail_msg("row %zu: %u used", i + 1, n + 1);
		}
		assert_int_equal(told, rows[i].told);
		assert_false(quota_keep(&quota));
		quota_take(&quota, 1, 2 * HOUR * 1000); /* another window */
		assert_int_equal(quota_keep(&quota), rows[i].most > 0);
	}
}

/* A clock that was years ahead does not block until it is there again. */
static void
test_clock_set_back(void **state)
{
	struct quota quota = { .span_ms = HOUR, .most = 100 };

	(void)state;
	quota_take(&quota, 100, 9000 * HOUR);
	quota_clock(&quota, 10 * HOUR + 5);
	assert_false(quota_fits(&quota, 1, 10 * HOUR + 5));
	assert_int_equal(quota_turn_ms(&quota, 10 * HOUR + 5), 11 * HOUR);
	assert_true(quota_fits(&quota, 100, 11 * HOUR));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fits),
		cmocka_unit_test(test_any),
		cmocka_unit_test(test_returned),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_clock_set_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
