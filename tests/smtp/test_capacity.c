/* SPDX-License-Identifier: MIT */
#include "smtp/capacity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <glib.h>
#include <sys/resource.h>

static const struct {
	const char *name;
	unsigned wanted;
	uint64_t files;
	unsigned most;
} rows[] = {
	{ "enough", 1000, 65536, 1000 },
	{ "just enough", 1000, 2256, 1000 },
	{ "one too few", 1000, 2255, 999 },
	{ "the usual soft limit", 1000, 1024, 384 },
	{ "none but for us", 1000, 256, 1 },
	{ "less than that", 1000, 20, 1 },
	{ "no limit", 100000, UINT64_MAX, 100000 },
	{ "one is wanted", 1, 0, 1 },
};

static void
test_rows(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
		if (capacity_fit(rows[i].wanted, rows[i].files) != rows[i].most)
			fail_msg("%s: %u", rows[i].name,
			    capacity_fit(rows[i].wanted, rows[i].files));
}

static void
test_process(void **state)
{
	struct rlimit before, few;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = 300;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	assert_int_equal(capacity_find(1000), 22);
	assert_int_equal(capacity_find(10), 10);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
