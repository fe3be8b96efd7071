/* SPDX-License-Identifier: MIT */
#include "tally.h"

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct {
	int64_t times[6]; /* when something happened; -1: no more */
	int64_t now_ms;
	unsigned sum;
} cases[] = {
	{ { -1 }, 0, 0 },
	{ { 0, -1 }, 0, 1 },
	{ { 0, 1, 2, -1 }, 54999, 3 },
	{ { 0, -1 }, 59999, 1 },
	{ { 0, -1 }, 60000, 0 },
	{ { 0, 5000, 10000, -1 }, 60000, 2 },
	{ { 0, 5000, 10000, -1 }, 65000, 1 },
	{ { 0, 200000, -1 }, 200000, 1 },
	{ { 0, 60000, 120000, -1 }, 120000, 1 },
	{ { 100, -1 }, INT64_MAX / 2, 0 },
};

static void
test_sums(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct tally tally = { 0 };
		for (unsigned n = 0; cases[i].times[n] >= 0; n++)
			tally_add(&tally, cases[i].times[n]);
		if (tally_sum(&tally, cases[i].now_ms) != cases[i].sum)
			fail_msg("row %zu: %u", i + 1,
			    tally_sum(&tally, cases[i].now_ms));
	}
}

/* Looking does not forget. */
static void
test_looking_changes_nothing(void **state)
{
	struct tally tally = { 0 };

	(void)state;
	tally_add(&tally, 0);
	assert_int_equal(tally_sum(&tally, 1000000), 0);
	assert_int_equal(tally_sum(&tally, 0), 1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_looking_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
