/* SPDX-License-Identifier: MIT */
#include "from.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *body;
	const char *found; /* NULL: it cannot be read */
} rows[] = {
	{ "a@x.example", "a@x.example" },
	{ "  a@X.example\t", "a@x.example" },
	{ "<a@x.example>", "a@x.example" },
	{ "< a@x.example >", "a@x.example" },
	{ "Some Name <a@x.example>", "a@x.example" },
	{ "J. R. O'Name-x <a@x.example>", "a@x.example" },
	{ "\"Name, \\\"Nick\\\"\" <a@x.example>", "a@x.example" },
	{ "\"boss@bank.example\" <a@x.example>", "a@x.example" },
	{ "M\xc3\xbcller <a@x.example>", "a@x.example" },
	{ "=?utf-8?q?M=C3=BCller=2C?= A <a@x.example>", "a@x.example" },
	{ "a@x.example (A Name)", "a@x.example" },
	{ "(A (B) C) a@x.example", "a@x.example" },
	{ "A (x) B (y) <a@x.example> (z)", "a@x.example" },
	{ "a@x.example,b@y.example", "a@x.example b@y.example" },
	{ "A <a@x.example>, \"B\" <b@y.example>", "a@x.example b@y.example" },
	{ "a@x.example <b@y.example>", "a@x.example b@y.example" },
	{ "T: a@x.example, B <b@y.example>;", "a@x.example b@y.example" },
	{ "T:; , a@x.example", "a@x.example" },
	{ "root", "root@d.example" },
	{ "root (cron), a@x.example", "root@d.example a@x.example" },
	{ "<root>", "root@d.example" },
	{ "Cron <root>", "root@d.example" },
	{ "\"a b\"@x.example", "\"a b\"@x.example" },
	{ "a@m\xc3\xbcnchen.example", NULL },
	{ "", NULL },
	{ "  ", NULL },
	{ "T:;", NULL },
	{ "undisclosed: ;", NULL },
	{ ",", NULL },
	{ "a@x.example,", NULL },
	{ "a@x.example,,b@x.example", NULL },
	{ "a@x.example b@x.example", NULL },
	{ "a@x.example; b@x.example", NULL },
	{ "A <a@x.example> <b@x.example>", NULL },
	{ "A <a@x.example> b", NULL },
	{ "A <a@x.example", NULL },
	{ "A a@x.example>", NULL },
	{ "<>", NULL },
	{ "A <>", NULL },
	{ "Some Name", NULL },
	{ "a @x.example", NULL },
	{ "a@ x.example", NULL },
	{ "a.@x.example", NULL },
	{ "<a(b)@x.example>", NULL },
	{ "<@r.example:a@x.example>", NULL },
	{ "a@[192.0.2.1]", NULL },
	{ ".A <a@x.example>", NULL },
	{ ". \"N, b@y.example\" <a@x.example>", NULL },
	{ "A . B <a@x.example>", NULL },
	{ "[Shop] <a@x.example>", NULL },
	{ "Re: Shop <a@x.example>", NULL },
	{ "T: U: a@x.example;;", NULL },
	{ "a@x.example (A", NULL },
	{ "a@x.example (\\) , b@y.example )", NULL },
	{ "a@x.example)", NULL },
	{ "((((((((((a)))))))))) a@x.example", NULL },
	{ "\"A <a@x.example>", NULL },
	{ "\"A\\", NULL },
	{ "\"b@y.example> \"@x.example", NULL },
	{ "=?utf-8?q?b=40y.example=2C?=@x.example", NULL },
	{ "a@x.example\x01", NULL },
	{ "a\x0b@x.example", NULL },
};

static bool
on_mailbox(void *object, const struct address *address)
{
	GString *found = object;

	if (found->len > 0)
		g_string_append_c(found, ' ');
	g_string_append(found, address->text);
	return true;
}

static void
test_rows(void **state)
{
	g_autoptr(GString) found = g_string_new(NULL);
	struct from_reader reader = { "d.example", on_mailbox, found };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const char *want = rows[i].found;
		bool read;

		g_string_truncate(found, 0);
		read = from_read(rows[i].body, &reader);
		if (read != (want != NULL) ||
		    (read && strcmp(found->str, want) != 0))
			fail_msg("\"%s\": %s \"%s\"", rows[i].body,
			    read ? "read" : "not read", found->str);
	}
}

static bool
on_first(void *object, const struct address *address)
{
	unsigned *count = object;

	(void)address;
	return ++*count < 2;
}

static void
test_stops(void **state)
{
	unsigned count = 0;
	struct from_reader reader = { NULL, on_first, &count };

	(void)state;
	assert_false(
	    from_read("a@x.example, b@x.example, c@x.example", &reader));
	assert_int_equal(count, 2);
	/* without a domain to add */
	assert_false(from_read("root", &reader));
	assert_int_equal(count, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
