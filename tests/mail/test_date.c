/* SPDX-License-Identifier: MIT */
#include "date.h"

#include "mail/sample.h"

static const struct {
	const char *text;
	int64_t wall_ms; /* -1: not to be read */
} rows[] = {
	{ "Thu, 01 Jan 1970 00:00:01 +0000", 1000 },
	{ "1 Jan 1970 00:00 GMT", 0 },
	{ "Thu,  1 Jan 1970 02:00:00 +0200 (CEST)", 0 },
	{ "Wed, 31 Dec 1969 19:00:00 -0500", 0 },
	{ "Wed, 31 Dec 1969 18:30:00 -0530", 0 },
	{ "Sun, 22 Nov 2026 08:48:57 UT", 1795337337000 },
	{ "sun, 22 NOV 2026 08:48:60 Z", 1795337339000 },
	{ "", -1 },
	{ "yesterday", -1 },
	{ "22 Foo 2026 08:48:57 +0000", -1 },
	{ "31 Feb 2026 08:48:57 +0000", -1 },
	{ "22 Nov 2026 08:48:57", -1 },
	{ "22 Nov 2026 08:48:57 EST", -1 },
	{ "22 Nov 2026 08:48:x +0000", -1 },
	{ "22 Nov 2026 25:48:57 +0000", -1 },
	{ "22 Nov 2026 08:48:57 +00", -1 },
	{ "99999999999999999999 Nov 2026 08:48:57 +0000", -1 },
};

static void
test_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		int64_t wall_ms = 0;
		bool fine = date_read(rows[i].text, &wall_ms);

		if (fine != (rows[i].wall_ms >= 0) ||
		    (fine && wall_ms != rows[i].wall_ms))
			fail_msg("%s: %d, %jd", rows[i].text, fine,
			    (intmax_t)wall_ms);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
