/* SPDX-License-Identifier: MIT */
#include "filename.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *name, *type, *made;
} rows[] = {
	{ "a.pdf", "application/pdf", "a.pdf" },
	{ "\xe6\x8a\xa5.pdf", "application/pdf", "\xe6\x8a\xa5.pdf" },
	{ "a\"b\\c/d.txt", "text/plain", "a_b_c_d.txt" },
	{ "a\r\nb\tc\x7f", "text/plain", "a__b_c_" },
	{ "a.exe. .", "text/plain", "a.exe" },
	{ "...", "image/png", "attachment.png" },
	{ "", "text/calendar", "attachment.ics" },
	{ NULL, "message/rfc822", "attachment.eml" },
	{ NULL, "application/x-unheard", "attachment" },
};

static void
test_make(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct part part = {
			.name = (char *)rows[i].name,
			.type = (char *)rows[i].type,
		};
		g_autofree char *name = filename_make(&part);

		assert_string_equal(name, rows[i].made);
	}
}

static void
test_inline(void **state)
{
	struct part part = {
		.name = (char *)"logo.png",
		.type = (char *)"image/png",
		.content_id = (char *)"logo/1@example.com",
	};
	g_autofree char *with = filename_make_inline(&part);
	g_autofree char *without = NULL;

	(void)state;
	assert_string_equal(with, "logo_1@example.com");
	part.content_id = NULL;
	without = filename_make_inline(&part);
	assert_string_equal(without, "logo.png");
}

static void
test_ascii(void **state)
{
	static const struct {
		const char *name, *ascii;
	} names[] = {
		{ "a.pdf", "a.pdf" },
		{ "caf\xc3\xa9.pdf", "cafe.pdf" },
		{ "\xe6\x8a\xa5\xe5\x91\x8a.pdf", "__.pdf" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *ascii = filename_ascii(names[i].name);

		assert_string_equal(ascii, names[i].ascii);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_make),
		cmocka_unit_test(test_inline),
		cmocka_unit_test(test_ascii),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
