/* SPDX-License-Identifier: MIT */
#include "core/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *name;
	enum base64_leave leave;
	const char *text, *bytes; /* NULL: broken */
} rows[] = {
	{ "nothing", BASE64_STRICT, "", "" },
	{ "one", BASE64_STRICT, "YQ==", "a" },
	{ "two", BASE64_STRICT, "YWI=", "ab" },
	{ "three", BASE64_STRICT, "YWJj", "abc" },
	{ "both marks", BASE64_STRICT, "+/+/", "\xfb\xff\xbf" },
	{ "a line end", BASE64_STRICT, "YW\nI=", NULL },
	{ "line ends", BASE64_LINES, "YW\r\nI=\n", "ab" },
	{ "a blank", BASE64_LINES, "Y WI=", "ab" },
	{ "a blank in a form", BASE64_FORM, " / /", "\xfb\xff\xbf" },
	{ "cut", BASE64_STRICT, "YWI", NULL },
	{ "cut more", BASE64_LINES, "YWJjY", NULL },
	{ "behind the end", BASE64_STRICT, "YWI=YWI=", NULL },
	{ "three at the end", BASE64_STRICT, "Y===", NULL },
	{ "base64url", BASE64_LINES, "-_-_", NULL },
	{ "no base64", BASE64_LINES, "\"abc", NULL },
};

static void
check(size_t row, size_t step)
{
	struct base64 base64 = { .leave = rows[row].leave };
	size_t length = strlen(rows[row].text), done = 0;
	char out[64];

	for (size_t at = 0; at < length; at += step)
		done += base64_feed(&base64, rows[row].text + at,
		    MIN(step, length - at), out + done);
	assert_int_equal(base64_is_whole(&base64), rows[row].bytes != NULL);
	if (rows[row].bytes == NULL)
		return;
	assert_int_equal(done, strlen(rows[row].bytes));
	assert_memory_equal(out, rows[row].bytes, done);
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		print_message("%s\n", rows[i].name);
		for (size_t step = 1; step < 10; step++)
			check(i, step);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
