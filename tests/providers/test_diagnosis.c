/* SPDX-License-Identifier: MIT */
#include "diagnosis.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <glib.h>

static void
test_rows(void **state)
{
	static const struct {
		const char *text;
		unsigned status;
		const char *enhanced;
	} rows[] = {
		{ NULL, 0, NULL },
		{ "", 0, NULL },
		{ "smtp;550 5.1.1 The email account does not exist.", 550,
		    "5.1.1" },
		{ "smtp; 550-5.7.26 not authenticated", 550, "5.7.26" },
		{ "452 4.2.2", 452, "4.2.2" },
		{ "5.1.1.", 0, "5.1.1" },
		{ "mailbox 5501 of 4200", 0, NULL },
		{ "from 5.1.1.9 and 192.5.1.1", 0, NULL },
		{ "350 or 650", 0, NULL },
		{ "blocked (550)", 550, NULL },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *enhanced = diagnosis_enhanced(rows[i].text);

		assert_int_equal(
		    diagnosis_status(rows[i].text), rows[i].status);
		if (g_strcmp0(enhanced, rows[i].enhanced) != 0)
			fail_msg("%s: %s", rows[i].text, enhanced);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
