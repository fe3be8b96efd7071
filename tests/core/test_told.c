/* SPDX-License-Identifier: MIT */
/* Which errors follow from what was told: [server] state_dir, any api_key, all
 * of [provider a]. */
#include "told.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
	const char *error;
	bool follows;
} rows[] = {
	{ "f:1: [server] state_dir = /x: it is no directory", true },
	{ "settings: there is no state_dir; set [server] state_dir", true },
	{ "f:1: [server] state_directory is too long", false },
	{ "f:1: [server] my_state_dir is too long", false },
	{ "f:1: [server] my_state_dir is no state_dir", true },
	{ "f:1: [listener l] state_dir", false },
	{ "f:1: [server] answer = queued", false },
	{ "f:1: [provider b] api_key is missing", true },
	{ "f:1: [provider b] port = 465", false },
	{ "f:1: [provider a] port = 465", true },
	{ "f:1: [provider ab] port = 465", false },
};

static void
test_rows(void **state)
{
	struct told *told = told_new();

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		assert_false(told_has(told, rows[i].error));
	told_add(told, "server", "state_dir");
	told_add(told, NULL, "api_key");
	told_add(told, "provider a", NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		if (told_has(told, rows[i].error) != rows[i].follows)
			fail_msg("%s", rows[i].error);
	told_free(told);
	told_free(NULL);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
