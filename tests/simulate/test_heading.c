/* SPDX-License-Identifier: MIT */
#include "heading.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define INSIDE(name) "header " name " inside the message"

struct row {
	const char *name;
	const char *head;
	enum heading_reader reader;
	const char *note; /* the only one; NULL: none */
};

static const struct row rows[] = {
	{ "clean", "From: a\r\nTo: b\r\n\r\nBcc: c\r\n", HEADING_SMTP, NULL },
	{ "Bcc", "From: a\r\nBcc: b\r\n\r\n", HEADING_MAILGUN, INSIDE("Bcc") },
	{ "any case", "BCC : b\r\n\r\n", HEADING_MANDRILL, INSIDE("BCC") },
	{ "folded", "From: a\r\n b\r\n\tBcc: c\r\n\r\n", HEADING_MANDRILL,
	    NULL },
	{ "longer name", "Bcc-Not: b\r\n\r\n", HEADING_SMTP, NULL },
	{ "bare LF", "From: a\nBcc: b\n\n", HEADING_SMTP, INSIDE("Bcc") },
	{ "own control header", "X-MC-Tags: a\r\n\r\n", HEADING_MANDRILL,
	    NULL },
	{ "another's", "X-MC-Tags: a\r\n\r\n", HEADING_MAILGUN,
	    INSIDE("X-MC-Tags") },
	{ "Mailgun's", "x-mailgun-tag: a\r\n\r\n", HEADING_MAILGUN,
	    INSIDE("x-mailgun-tag") },
	{ "ours", "X-Postferry-Doubt: a\r\n\r\n", HEADING_SMTP,
	    INSIDE("X-Postferry-Doubt") },
	{ "no field", "From: a\r\nnonsense\r\n\r\n", HEADING_SMTP,
	    "a line of the header is no field" },
	{ "no end", "From: a\r\nBcc: b", HEADING_SMTP, INSIDE("Bcc") },
	{ "nothing", "", HEADING_SMTP, NULL },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GPtrArray) notes =
		    g_ptr_array_new_with_free_func(g_free);

		print_message("%s\n", rows[i].name);
		heading_check(
		    rows[i].head, strlen(rows[i].head), rows[i].reader, notes);
		assert_int_equal(notes->len, rows[i].note != NULL);
		if (notes->len > 0)
			assert_string_equal(notes->pdata[0], rows[i].note);
	}
}

static void
test_find(void **state)
{
	static const char head[] = "A: 1\r\nMessage-ID:\r\n <x@y>\r\n"
				   "message-id: two\r\n\r\nB: 2\r\n";
	g_autofree char *id = heading_find(head, strlen(head), "Message-Id");

	(void)state;
	assert_string_equal(id, "<x@y>");
	assert_null(heading_find(head, strlen(head), "B"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
