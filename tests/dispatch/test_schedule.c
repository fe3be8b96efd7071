/* SPDX-License-Identifier: MIT */
#include "schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define HOUR INT64_C(3600000)
#define DAY  (24 * HOUR)

static const int64_t times[] = { 30000, 60000, 120000, HOUR };

static const struct {
	const char *name;
	unsigned count, round;
	double random;
	int64_t pause_ms;
} pauses[] = {
	{ "first, least", 4, 0, 0.0, 24000 },
	{ "first, middle", 4, 0, 0.5, 30000 },
	{ "first, most", 4, 0, 1.0, 36000 },
	{ "second", 4, 1, 0.5, 60000 },
	{ "third", 4, 2, 0.25, 108000 },
	{ "last", 4, 3, 0.5, HOUR },
	{ "last again", 4, 4, 0.5, HOUR },
	{ "last for ever", 4, 4000000000U, 1.0, HOUR / 10 * 12 },
	{ "only one", 1, 7, 0.5, 30000 },
	{ "chance below its range", 4, 0, -1.0, 24000 },
	{ "chance above its range", 4, 0, 7.0, 36000 },
};

static void
test_pause(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(pauses); i++) {
		g_autoptr(GArray) some = g_array_new(FALSE, FALSE, 8);

		g_array_append_vals(some, times, pauses[i].count);
		int64_t off =
		    schedule_pause(some, pauses[i].round, pauses[i].random) -
		    pauses[i].pause_ms;
		if (off < -1 || off > 1) /* the fractions are binary */
			fail_msg("%s", pauses[i].name);
	}
}

static const struct {
	const char *name;
	int64_t age_ms;
	unsigned rounds;
	bool gives_up;
} ends[] = {
	{ "new", 0, 0, false },
	{ "young, often tried", 5 * DAY - 1, 1000, false },
	{ "of the age, often tried", 5 * DAY, 3, true },
	{ "of the age, tried twice", 5 * DAY, 2, false },
	{ "ten times the age, never tried", 50 * DAY, 0, false },
	{ "ten times the age", 50 * DAY, 30, true },
	{ "the clock went back", -DAY, 30, false },
};

static void
test_gives_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(ends); i++)
		if (schedule_gives_up(ends[i].age_ms, 5 * DAY,
			ends[i].rounds) != ends[i].gives_up)
			fail_msg("%s", ends[i].name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pause),
		cmocka_unit_test(test_gives_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
