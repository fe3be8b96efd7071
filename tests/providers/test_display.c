/* SPDX-License-Identifier: MIT */
#include "display.h"
#include "mail/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *name, *text;
} rows[] = {
	{ NULL, "a@b" },
	{ "", "a@b" },
	{ "Ann", "Ann <a@b>" },
	{ "Ann B", "Ann B <a@b>" },
	{ "J\xc3\xbcrgen M", "J\xc3\xbcrgen M <a@b>" },
	{ "Ann B.", "\"Ann B.\" <a@b>" },
	{ "B, Ann", "\"B, Ann\" <a@b>" },
	{ "a@c", "\"a@c\" <a@b>" },
	{ "a\"b\\c", "\"a\\\"b\\\\c\" <a@b>" },
	{ "=?utf-8?q?x?=", "\"=?utf-8?q?x?=\" <a@b>" },
	{ "J\xc3\xbc (x)", "=?utf-8?B?SsO8ICh4KQ==?= <a@b>" },
	/* 44 bytes, then a letter of two that goes into the next word whole */
	{ "(234567890123456789012345678901234567890123)\xc3\xbc",
	    "=?utf-8?B?KDIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEy"
	    "Myk=?= =?utf-8?B?w7w=?= <a@b>" },
};

static void
test_mailbox(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = display_mailbox(rows[i].name, "a@b");

		assert_string_equal(text, rows[i].text);
	}
}

static void
free_address(void *address)
{
	header_address_free(address);
}

static void
test_list(void **state)
{
	g_autoptr(GPtrArray) list =
	    g_ptr_array_new_with_free_func(free_address);
	g_autofree char *text = NULL;

	(void)state;
	assert_null(display_list(list));
	g_ptr_array_add(list, header_address_new("A, B", "a@b"));
	g_ptr_array_add(list, header_address_new(NULL, "c@d"));
	text = display_list(list);
	assert_string_equal(text, "\"A, B\" <a@b>, c@d");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mailbox),
		cmocka_unit_test(test_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
