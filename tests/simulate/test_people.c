/* SPDX-License-Identifier: MIT */
#include "people.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct row {
	const char *input;
	const char *people; /* joined by a space; NULL: refused */
};

static const struct row rows[] = {
	{ "a@b.c", "a@b.c" },
	{ "  a@b.c  ", "a@b.c" },
	{ "a@b.c, d@e.f", "a@b.c d@e.f" },
	{ "Ann <a@b.c>", "a@b.c" },
	{ "\"Ann, B.\" <a@b.c>,Carl <d@e.f>", "a@b.c d@e.f" },
	{ "\"A \\\" <x>\" <a@b.c>", "a@b.c" },
	{ "Änn <a@b.c>", "a@b.c" },
	{ "<a@b.c>", "a@b.c" },
	{ "a+b.c=d@e-f.example", "a+b.c=d@e-f.example" },
	{ "\"a b\"@c.d", "\"a b\"@c.d" },
	{ "a@localhost", "a@localhost" },
	{ "a@[192.0.2.1]", "a@[192.0.2.1]" },
	{ "ä@bücher.example", "ä@bücher.example" },
	{ "", NULL },
	{ ",", NULL },
	{ "a@b.c,", NULL },
	{ "a", NULL },
	{ "a@", NULL },
	{ "@b.c", NULL },
	{ "a@b..c", NULL },
	{ "a@-b.c", NULL },
	{ "a@b.c.", NULL },
	{ ".a@b.c", NULL },
	{ "a.@b.c", NULL },
	{ "a..b@c.d", NULL },
	{ "a b@c.d", NULL },
	{ "a@b c", NULL },
	{ "a@b@c.d", NULL },
	{ "Ann <a@b.c", NULL },
	{ "Ann a@b.c>", NULL },
	{ "Ann <a@b.c> x", NULL },
	{ "a@b.c; d@e.f", NULL },
	{ "group: a@b.c;", NULL },
	{ "a@[", NULL },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GPtrArray) out =
		    g_ptr_array_new_with_free_func(g_free);
		bool fine = people_read(rows[i].input, out);

		print_message("%s\n", rows[i].input);
		assert_int_equal(fine, rows[i].people != NULL);
		if (!fine)
			continue;
		g_ptr_array_add(out, NULL);
		g_autofree char *joined = g_strjoinv(" ", (char **)out->pdata);
		assert_string_equal(joined, rows[i].people);
	}
}

static void
test_lengths(void **state)
{
	g_autofree char *local = g_strnfill(65, 'a');
	g_autofree char *label = g_strnfill(64, 'b');
	g_autofree char *one = g_strconcat(local, "@b.c", NULL);
	g_autofree char *other = g_strconcat("a@", label, ".c", NULL);

	(void)state;
	assert_false(people_is_address(one));
	assert_true(people_is_address(one + 1));
	assert_false(people_is_address(other));
}

static void
test_contains(void **state)
{
	g_autoptr(GPtrArray) people = g_ptr_array_new_with_free_func(g_free);

	(void)state;
	assert_true(people_read("Ann@B.c", people));
	assert_true(people_contains(people, "ann@b.C"));
	assert_false(people_contains(people, "an@b.c"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_contains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
