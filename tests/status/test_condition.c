/* SPDX-License-Identifier: MIT */
#include "condition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define THEN INT64_C(784111777000) /* Sun, 06 Nov 1994 08:49:37 GMT */
#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"

static const struct {
	const char *name, *etags, *since, *etag;
	int64_t modified_ms;
	bool known;
} rows[] = {
	{ "nothing said", NULL, NULL, "\"a\"", THEN, false },
	{ "the same", "\"a\"", NULL, "\"a\"", 0, true },
	{ "another", "\"b\"", NULL, "\"a\"", 0, false },
	{ "one of several", "\"b\", W/\"c\" ,\"a\"", NULL, "\"a\"", 0, true },
	{ "weak", "W/\"a\"", NULL, "\"a\"", 0, true },
	{ "weak of ours", "\"a\"", NULL, "W/\"a\"", 0, true },
	{ "any", "*", NULL, "\"a\"", 0, true },
	{ "any of none", "*", NULL, NULL, 0, false },
	{ "begins alike", "\"ab\"", NULL, "\"a\"", 0, false },
	{ "no tag", "a", NULL, "\"a\"", 0, false },
	{ "an open tag", "\"a", NULL, "\"a\"", 0, false },
	{ "nothing in it", "", NULL, "\"a\"", 0, false },
	{ "since", NULL, DATE, NULL, THEN, true },
	{ "since, in the second", NULL, DATE, NULL, THEN + 999, true },
	{ "since before", NULL, DATE, NULL, THEN + 1000, false },
	{ "since, of what has no date", NULL, DATE, NULL, 0, false },
	{ "no date", NULL, "yesterday", NULL, THEN, false },
	{ "more than a date", NULL, DATE " x", NULL, THEN, false },
	{ "the tag is what counts", "\"b\"", DATE, "\"a\"", THEN, false },
};

static void
test_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct condition condition = { rows[i].etags,
			rows[i].since };
		const struct status_answer answer = {
			.etag = (char *)rows[i].etag,
			.modified_ms = rows[i].modified_ms,
		};

		print_message("%s\n", rows[i].name);
		assert_int_equal(
		    condition_is_known(&condition, &answer), rows[i].known);
	}
}

static void
test_date(void **state)
{
	char date[CONDITION_DATE_LENGTH];

	(void)state;
	condition_print_date(THEN + 5, date);
	assert_string_equal(date, DATE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_date),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
