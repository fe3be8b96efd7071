/* SPDX-License-Identifier: MIT */
#include "ebb.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <glib.h>
#include <stdint.h>

/* Clients as they were at each look, and how often it paid. */
static const struct {
	const char *name;
	unsigned totals[6];
	unsigned paid;
} rows[] = {
	{ "nobody", { 0, 0, 0, 0, 0, 0 }, 0 },
	{ "they come", { 10, 100, 1000, 5000, 10000, 10000 }, 0 },
	{ "all leave", { 0, 0, 0, 0, 10000, 0 }, 1 },
	{ "once only", { 10000, 0, 0, 0, 0, 0 }, 1 },
	{ "half leave, then the rest", { 1000, 501, 500, 500, 251, 0 }, 2 },
	{ "a few leave", { 1000, 900, 800, 700, 600, 501 }, 0 },
	{ "few were there", { 99, 0, 99, 0, 99, 0 }, 0 },
	{ "enough were there", { 100, 0, 100, 0, 100, 0 }, 3 },
	{ "too few to pay", { 150, 75, 75, 75, 75, 51 }, 0 },
	{ "the tide", { 400, 100, 400, 100, 400, 100 }, 3 },
};

static void
test_rows(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct ebb ebb = { 0 };
		unsigned paid = 0;

		for (unsigned j = 0; j < G_N_ELEMENTS(rows[i].totals); j++)
			paid += ebb_is_low(&ebb, rows[i].totals[j]);
		if (paid != rows[i].paid)
			fail_msg("%s: %u", rows[i].name, paid);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
