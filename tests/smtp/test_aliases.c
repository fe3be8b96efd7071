/* SPDX-License-Identifier: MIT */
#include "smtp/aliases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
check(const struct aliases *aliases, const char *path, const char *wanted)
{
	struct address *found = aliases_find(aliases, path, strlen(path));

	if (wanted == NULL)
		assert_null(found);
	else
		assert_string_equal(found->text, wanted);
	address_free(found);
}

static void
test_find(void **state)
{
	static const char *const rows[] = { "root:ops@Example.COM",
		"Www-Data:\"the web\"@x.y", "a.b:c@m\xc3\xbc.de", NULL };
	g_autoptr(GError) error = NULL;
	struct aliases *aliases = aliases_new(rows, &error);

	(void)state;
	assert_null(error);
	check(aliases, "root", "ops@example.com");
	check(aliases, "ROOT", "ops@example.com");
	check(aliases, "www-data", "\"the web\"@x.y");
	check(aliases, "a.b", "c@xn--m-eha.de");
	check(aliases, "root@example.com", NULL);
	check(aliases, "roo", NULL);
	check(aliases, "roots", NULL);
	check(aliases, "", NULL);
	aliases_free(aliases);
	check(NULL, "root", NULL);
}

static void
test_faults(void **state)
{
	static const struct {
		const char *rows[3];
		const char *why;
	} faults[] = {
		{ { "root" }, "\"root\": there is no colon in it" },
		{ { ":a@x" }, "that is no name without a domain" },
		{ { "root@x:a@x" }, "that is no name without a domain" },
		{ { "root:a@x", "ROOT:b@x" }, "that name is there already" },
		{ { "root:a" }, "\"root:a\": " },
		{ { "root:a@x..y" }, "expected a name, a colon and an" },
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(faults); i++) {
		g_autoptr(GError) error = NULL;

		assert_null(aliases_new(faults[i].rows, &error));
		assert_non_null(strstr(error->message, faults[i].why));
	}
	assert_null(aliases_new(NULL, NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
