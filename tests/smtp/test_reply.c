/* SPDX-License-Identifier: MIT */
#include "reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* RFC 2034 4: the class of the enhanced code is the first digit; nothing of
 * ours may be longer than a line or hold a line break. */
static void
test_table(void **state)
{
	(void)state;
	for (unsigned name = 0; name < REPLY_NAMES; name++) {
		const struct reply *reply = reply_find(name);

		assert_in_range(reply->code, 200, 599);
		assert_non_null(reply->text);
		assert_true(strlen(reply->text) < 80);
		for (const char *c = reply->text; *c != '\0'; c++)
			assert_in_range(*c, 0x20, 0x7e);
		if (reply->enhanced != NULL)
			assert_int_equal(
			    reply->enhanced[0], '0' + (int)reply->code / 100);
		else
			assert_int_equal(reply->code, 354);
	}
}

static const struct {
	enum reply_name name;
	const char *detail, *line;
} lines[] = {
	{ REPLY_OK, NULL, "250 2.0.0 Ok\r\n" },
	{ REPLY_START_MAIL, NULL, "354 End data with <CR><LF>.<CR><LF>\r\n" },
	{ REPLY_SEQUENCE, NULL, "503 5.5.1 Bad sequence of commands\r\n" },
	{ REPLY_ARGUMENT, "x", "501 5.5.4 Syntax: x\r\n" },
};

static void
test_lines(void **state)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GString) want = g_string_new(NULL);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
		reply_append(out, lines[i].name, lines[i].detail);
		g_string_append(want, lines[i].line);
		assert_string_equal(out->str, want->str);
	}
}

static void
test_long_detail(void **state)
{
	g_autofree char *detail = g_strnfill(1000, 'x');
	g_autoptr(GString) out = g_string_new("before\r\n");

	(void)state;
	reply_append(out, REPLY_ARGUMENT, detail);
	assert_int_equal(out->len, strlen("before\r\n") + REPLY_LINE_MAX);
	assert_true(g_str_has_suffix(out->str, "x\r\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_long_detail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
