/* SPDX-License-Identifier: MIT */
#include "allowance.h"

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* As many as it allows at now. */
static unsigned
take_all(struct allowance *allowance, int64_t now_ms)
{
	unsigned count = 0;

	for (; allowance_when(allowance, now_ms) <= now_ms; count++)
		allowance_take(allowance, now_ms);
	return count;
}

static unsigned
take_over(struct allowance *allowance, int64_t from_ms, int64_t to_ms)
{
	unsigned count = 0;

	for (int64_t now = from_ms; now < to_ms; now += 10)
		count += take_all(allowance, now);
	return count;
}

/* What flows in over ten seconds, by the first tries of the minute before. */
static const struct {
	unsigned firsts;
	unsigned least, most;
} cases[] = {
	{ 0, 29, 31 },         /* 3 a second */
	{ 1800, 29, 31 },      /* 30 a second: a tenth is no more */
	{ 12000, 170, 201 },   /* 200 a second: 20, less what ages away */
	{ 120000, 1700, 2001 } /* 2000 a second */
};

static void
test_flow(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct allowance allowance;
		unsigned count;

		allowance_start(&allowance);
		for (unsigned n = 0; n < cases[i].firsts; n++)
			allowance_first(
			    &allowance, n * 60000 / cases[i].firsts);
		assert_int_equal(take_all(&allowance, 60000), 30);
		count = take_over(&allowance, 60000, 70000);
		if (count < cases[i].least || count > cases[i].most)
			fail_msg("row %zu: %u", i + 1, count);
	}
}

static void
test_when_is_true(void **state)
{
	struct allowance allowance;
	int64_t now = 1000, when;

	(void)state;
	allowance_start(&allowance);
	take_all(&allowance, now);
	for (unsigned i = 0; i < 100; i++, now = when) {
		when = allowance_when(&allowance, now);
		assert_true(when > now);
		assert_true(allowance_when(&allowance, when - 1) > when - 1);
		assert_int_equal(take_all(&allowance, when), 1);
	}
}

static void
test_returned(void **state)
{
	struct allowance allowance;

	(void)state;
	allowance_start(&allowance);
	take_all(&allowance, 0);
	allowance_return(&allowance);
	assert_int_equal(take_all(&allowance, 0), 1);
	/* never more than the burst */
	for (unsigned i = 0; i < 100; i++)
		allowance_return(&allowance);
	assert_int_equal(take_all(&allowance, 0), 30);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flow),
		cmocka_unit_test(test_when_is_true),
		cmocka_unit_test(test_returned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
