/* SPDX-License-Identifier: MIT */
#include "part_head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *type, *charset;
} rows[] = {
	{ "text/plain", NULL },
	{ "text/plain;", NULL },
	{ "text/plain; charset=utf-8", "utf-8" },
	{ "text/plain; x=y;\tCHARSET = utf-8 ; z", "utf-8" },
	{ "text/plain; charset=\"a b\"", "a b" },
	{ "text/plain; charset=\"a", "a" },
	{ "text/plain; charset=\"", "" },
	{ "text/plain; charset=", "" },
	{ "text/plain; charsets=x; charset=y", "y" },
	{ "text/plain; charset; charset=y", "y" },
	/* nothing behind the end is looked at */
	{ "text/plain; charset\0=x", NULL },
	{ "text/plain; charset\0;charset=x", NULL },
	{ "text/plain; charset \0=x", NULL },
	{ "text/plain; charset=\0x", "" },
	{ "text/plain; \0charset=x", NULL },
};

static void
test_parameter(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct part_head head = { .content_type = rows[i].type };
		g_autofree char *charset =
		    part_head_parameter(&head, "charset");

		if (g_strcmp0(charset, rows[i].charset) != 0)
			fail_msg("%s: %s", rows[i].type, charset);
	}
}

static void
test_no_type(void **state)
{
	const struct part_head head = { 0 };

	(void)state;
	assert_null(part_head_parameter(&head, "charset"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parameter),
		cmocka_unit_test(test_no_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
