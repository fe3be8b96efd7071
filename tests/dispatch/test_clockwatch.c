/* SPDX-License-Identifier: MIT */
#include "clockwatch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define WALL_MS INT64_C(1795256640000)
#define HOUR_MS INT64_C(3600000)

/* One look: how far each clock has come since the one before. */
static const struct {
	const char *name;
	struct {
		int64_t wall_ms, now_ms;
	} looks[4];
	int64_t jump_ms; /* that the last look told */
	bool trusts;
} rows[] = {
	{ "together", { { 5000, 5000 } }, 0, true },
	{ "an hour is no jump", { { HOUR_MS + 5, 5 } }, 0, true },
	{ "a jump", { { 2 * HOUR_MS + 5, 5 } }, 2 * HOUR_MS, false },
	{ "back", { { -240 * HOUR_MS, 5 } }, 0, true },
	{ "back and forward", { { -240 * HOUR_MS, 5 }, { 240 * HOUR_MS, 5 } },
	    240 * HOUR_MS - 5, false },
	{ "in small steps", { { HOUR_MS, 5 }, { HOUR_MS, 5 }, { HOUR_MS, 5 } },
	    0, true },
	{ "told once", { { 48 * HOUR_MS, 0 }, { 5, 5 } }, 0, false },
	{ "almost an hour later",
	    { { 48 * HOUR_MS, 0 }, { HOUR_MS - 1, HOUR_MS - 1 } }, 0, false },
	{ "an hour later", { { 48 * HOUR_MS, 0 }, { HOUR_MS, HOUR_MS } }, 0,
	    true },
	{ "and again",
	    { { 48 * HOUR_MS, 0 }, { HOUR_MS, HOUR_MS }, { 48 * HOUR_MS, 0 } },
	    48 * HOUR_MS, false },
};

static void
test_looks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int64_t wall = WALL_MS, now = 7000, jump = 0;
		struct clockwatch watch = clockwatch_start(wall, now);

		print_message("%s\n", rows[i].name);
		for (size_t n = 0;
		     rows[i].looks[n].wall_ms != 0 || rows[i].looks[n].now_ms;
		     n++) {
			wall += rows[i].looks[n].wall_ms;
			now += rows[i].looks[n].now_ms;
			jump = clockwatch_look(&watch, wall, now);
		}
		assert_int_equal(jump, rows[i].jump_ms);
		assert_int_equal(
		    clockwatch_trusts(&watch, now), rows[i].trusts);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_looks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
