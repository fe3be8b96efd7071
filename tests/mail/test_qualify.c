/* SPDX-License-Identifier: MIT */
#include "qualify.h"

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* NULL: it stays. */
static const struct {
	const char *body, *qualified;
} rows[] = {
	{ "root", "root@d.example" },
	{ "root (Cron Daemon)", "root@d.example (Cron Daemon)" },
	{ "(a, b) root", "(a, b) root@d.example" },
	{ "<root>", "<root@d.example>" },
	{ "Cron Daemon < root >", "Cron Daemon < root@d.example >" },
	{ "\"Cron, the Daemon\" <root>",
	    "\"Cron, the Daemon\" <root@d.example>" },
	{ "a@b.example, www-data,root", "a@b.example, www-data@d.example,root"
					"@d.example" },
	{ "team: root, a@b.example;, bob", "team: root@d.example, a@b.example;,"
					   " bob@d.example" },
	{ "\xc3\xbc <root>", "\xc3\xbc <root@d.example>" },
	/* they have one */
	{ "a@b.example", NULL },
	{ "a @ b.example", NULL },
	{ "Ann <a@b.example>", NULL },
	{ "\"a b\"@b.example", NULL },
	{ "a@[192.0.2.1]", NULL },
	/* nobody */
	{ "", NULL },
	{ "<>", NULL },
	{ "undisclosed-recipients:;", NULL },
	{ "(root)", NULL },
	/* not to be read */
	{ "Cron Daemon", NULL },
	{ "\"root\"", NULL },
	{ "=?utf-8?Q?root?=", NULL },
	{ "\xc3\xbc", NULL },
	{ "root (", NULL },
	{ "root, \"b", NULL },
	{ "root, <b", NULL },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *body = qualify_body(rows[i].body, "d.example");

		if (g_strcmp0(body, rows[i].qualified) != 0)
			fail_msg("%s became %s", rows[i].body, body);
	}
}

static void
test_names(void **state)
{
	(void)state;
	assert_true(qualify_is_named("FROM"));
	assert_true(qualify_is_named("reply-to"));
	assert_false(qualify_is_named("Bcc"));
	assert_false(qualify_is_named("Resent-From"));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
