/* SPDX-License-Identifier: MIT */
#include "failures.h"

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MINUTE 60000

/* Each step is a failure (+), or a look: free (.) or too many (!). */
static const struct {
	const char *name;
	struct {
		int64_t at_ms;
		char step;
		unsigned lately; /* after a failure */
	} steps[8];
} rows[] = {
	{ "free", { { 0, '.', 0 } } },
	{ "three of three", { { 0, '+', 1 }, { 0, '+', 2 }, { 0, '.', 0 },
				{ 0, '+', 3 }, { 0, '!', 0 } } },
	{ "one flows back in a third of the time",
	    { { 0, '+', 1 }, { 0, '+', 2 }, { 0, '+', 3 }, { 0, '!', 0 },
		{ MINUTE - 1, '!', 0 }, { MINUTE, '.', 0 }, { MINUTE, '+', 3 },
		{ MINUTE, '!', 0 } } },
	{ "all in the window", { { 0, '+', 1 }, { 0, '+', 2 }, { 0, '+', 3 },
				   { 3 * MINUTE, '+', 1 } } },
	{ "no more than there are",
	    { { 0, '+', 1 }, { 9 * MINUTE, '+', 1 }, { 9 * MINUTE, '+', 2 },
		{ 9 * MINUTE, '+', 3 }, { 9 * MINUTE, '!', 0 } } },
	{ "a few under way at once",
	    { { 0, '+', 1 }, { 0, '+', 2 }, { 0, '+', 3 }, { 0, '+', 4 },
		{ MINUTE, '!', 0 }, { 2 * MINUTE, '.', 0 } } },
	{ "a clock that stands", { { MINUTE, '+', 1 }, { 0, '+', 2 } } },
};

static void
test_rows(void **state)
{
	struct failures_limits limits = { { 3, 3 * MINUTE }, 10 };

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct failures *failures = failures_new(&limits);

		for (unsigned n = 0; n < 8 && rows[i].steps[n].step; n++) {
			int64_t at = rows[i].steps[n].at_ms;
			char step = rows[i].steps[n].step;

			if (step == '+')
				assert_int_equal(
				    failures_add(failures, "joe", at),
				    rows[i].steps[n].lately);
			else if (failures_are_many(failures, "joe", at) !=
				 (step == '!'))
				fail_msg("%s: step %u", rows[i].name, n);
			assert_false(failures_are_many(failures, "ann", at));
		}
		failures_free(failures);
	}
}

/* Whoever is next to being free again makes room. */
static void
test_bounded(void **state)
{
	struct failures_limits limits = { { 10, 10 * MINUTE }, 100 };
	struct failures *failures = failures_new(&limits);
	unsigned known = 0;

	(void)state;
	for (unsigned i = 0; i < 10; i++)
		failures_add(failures, "often", 0);
	for (unsigned i = 0; i < 1000; i++) {
		g_autofree char *key = g_strdup_printf("%u", i);

		failures_add(failures, key, 0);
		failures_add(failures, key, 0);
	}
	assert_true(failures_are_many(failures, "often", 0));
	/* a minute later one is left of two that are remembered */
	for (unsigned i = 1000; i-- > 0;) {
		g_autofree char *key = g_strdup_printf("%u", i);

		known += failures_add(failures, key, MINUTE) == 2;
	}
	assert_in_range(known, 1, 100);
	failures_free(failures);
	failures_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
