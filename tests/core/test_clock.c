/* SPDX-License-Identifier: MIT */
#include "core/clock.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>
#include <glib.h>

static const struct {
	int64_t wall_ms;
	const char *rfc5322, *rfc3339;
} rows[] = {
	{ 0, "Thu, 01 Jan 1970 00:00:00 +0000", "1970-01-01T00:00:00.000Z" },
	{ 1795256640123, "Sat, 21 Nov 2026 10:24:00 +0000",
	    "2026-11-21T10:24:00.123Z" },
	{ 951825599999, "Tue, 29 Feb 2000 11:59:59 +0000",
	    "2000-02-29T11:59:59.999Z" },
	{ 2147483648000, "Tue, 19 Jan 2038 03:14:08 +0000",
	    "2038-01-19T03:14:08.000Z" },
	{ 253402300799999, "Fri, 31 Dec 9999 23:59:59 +0000",
	    "9999-12-31T23:59:59.999Z" },
	/* beyond what the forms can say: their ends */
	{ 253402300800000, "Fri, 31 Dec 9999 23:59:59 +0000",
	    "9999-12-31T23:59:59.999Z" },
	{ INT64_MAX, "Fri, 31 Dec 9999 23:59:59 +0000",
	    "9999-12-31T23:59:59.999Z" },
	{ -1, "Thu, 01 Jan 1970 00:00:00 +0000", "1970-01-01T00:00:00.000Z" },
	{ INT64_MIN, "Thu, 01 Jan 1970 00:00:00 +0000",
	    "1970-01-01T00:00:00.000Z" },
};

static void
test_dates(void **state)
{
	(void)state;
	/* UTC whatever the host's zone is */
	setenv("TZ", "Asia/Kolkata", 1);
	tzset();
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		char mail[CLOCK_RFC5322_LENGTH], line[CLOCK_RFC3339_LENGTH];

		clock_rfc5322(rows[i].wall_ms, mail);
		clock_rfc3339(rows[i].wall_ms, line);
		assert_string_equal(mail, rows[i].rfc5322);
		assert_string_equal(line, rows[i].rfc3339);
	}
}

static void
test_clocks(void **state)
{
	int64_t before = clock_monotonic_ms();
	struct timespec now;

	(void)state;
	clock_gettime(CLOCK_REALTIME, &now);
	int64_t wall = clock_wall_ms();
	assert_true(clock_monotonic_ms() >= before);
	assert_true(wall >= (int64_t)now.tv_sec * 1000);
	/* not the same clock: the host was not started in 1970 */
	assert_true(wall - before > 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_clocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
