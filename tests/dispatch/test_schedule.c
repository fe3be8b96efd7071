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
	struct schedule_life life;
	bool gives_up;
} ends[] = {
	{ "new", { 0, 5 * DAY, DAY, 0, 0, false, false }, false },
	{ "young, often tried",
	    { 5 * DAY - 1, 5 * DAY, DAY, 1000, 1000, true, true }, false },
	{ "of the age, often tried",
	    { 5 * DAY, 5 * DAY, DAY, 3, 3, true, false }, true },
	{ "of the age, tried twice",
	    { 5 * DAY, 5 * DAY, DAY, 2, 1000, true, false }, false },
	{ "of the age, often tried, not by us",
	    { 5 * DAY, 5 * DAY, DAY, 1000, 1000, false, false }, false },
	{ "we just came up, and asked for it",
	    { 50 * DAY, 5 * DAY, 1, 3, 1, true, true }, true },
	{ "we just came up, and nobody could be asked",
	    { 50 * DAY, 5 * DAY, 1, 30, 30, false, true }, false },
	{ "nobody could be asked for less than an hour",
	    { 50 * DAY, 5 * DAY, HOUR - 1, 30, 30, false, true }, false },
	{ "nobody could be asked for an hour",
	    { 50 * DAY, 5 * DAY, HOUR, 1, 3, false, true }, true },
	{ "nobody could be asked for two rounds",
	    { 50 * DAY, 5 * DAY, HOUR, 1, 2, false, true }, false },
	{ "nobody could be asked for its whole short life",
	    { 15000, 15000, 15000, 0, 3, false, true }, true },
	{ "nobody could be asked for a part of its short life",
	    { 15000, 15000, 14999, 0, 3, false, true }, false },
	{ "it waits for one that takes mail",
	    { 50 * DAY, 5 * DAY, 50 * DAY, 0, 30, false, false }, false },
	{ "the clock went back", { -DAY, 5 * DAY, DAY, 30, 30, true, true },
	    false },
};

static void
test_gives_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(ends); i++)
		if (schedule_gives_up(&ends[i].life) != ends[i].gives_up)
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
