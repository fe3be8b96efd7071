/* SPDX-License-Identifier: MIT */
#include "dots.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct row {
	const char *name;
	const char *input;
	const char *output;
	size_t rest; /* bytes behind the end; SIZE_MAX: no end */
};

static const struct row rows[] = {
	{ "nothing", ".\r\n", "", 0 },
	{ "a line", "a\r\n.\r\n", "a\r\n", 0 },
	{ "more behind", "a\r\n.\r\nQUIT\r\n", "a\r\n", 6 },
	{ "stuffed", "..\r\n..a\r\n.b\r\n.\r\n", ".\r\n.a\r\nb\r\n", 0 },
	{ "dot inside", "a.\r\n.\r\n", "a.\r\n", 0 },
	{ "bare LF dot", "a\n.\n.\r\n.\r\n", "a\n.\n.\r\n", 0 },
	{ "LF dot CRLF", "a\n.\r\nb\r\n.\r\n", "a\n.\r\nb\r\n", 0 },
	{ "CRLF dot LF", "a\r\n.\nb\r\n.\r\n", "a\r\n\nb\r\n", 0 },
	{ "CRLF dot CR", "a\r\n.\rb\r\n.\r\n", "a\r\n\rb\r\n", 0 },
	{ "CR dot CR", "a\r.\rb\r\n.\r\n", "a\r.\rb\r\n", 0 },
	{ "CR CR LF", "a\r\r\n.\r\n", "a\r\r\n", 0 },
	{ "CRLF dot CR CR LF", "a\r\n.\r\r\n.\r\n", "a\r\n\r\r\n", 0 },
	{ "empty lines", "\r\n\r\n.\r\n", "\r\n\r\n", 0 },
	{ "no end", "a\r\n.\r", "a\r\n", SIZE_MAX },
	{ "no end at all", "a\r\nb", "a\r\nb", SIZE_MAX },
};

static void
check(const struct row *row, size_t step)
{
	struct dots dots = { 0 };
	struct blob *out = blob_new(NULL);
	size_t length = strlen(row->input), at = 0;

	while (at < length && dots.state != DOTS_END)
		at += dots_feed(
		    &dots, row->input + at, MIN(step, length - at), out);
	assert_string_equal(blob_text(out), row->output);
	if (row->rest == SIZE_MAX)
		assert_int_not_equal(dots.state, DOTS_END);
	else
		assert_int_equal(length - at, row->rest);
	blob_free(out);
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		print_message("%s\n", rows[i].name);
		for (size_t step = 1; step < 6; step++)
			check(&rows[i], step);
		check(&rows[i], 1000);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
