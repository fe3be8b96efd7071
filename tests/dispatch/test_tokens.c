/* SPDX-License-Identifier: MIT */
#include "tokens.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void
test_spent(void **state)
{
	struct tokens *tokens = tokens_new();

	(void)state;
	assert_false(tokens_is_spent(tokens, "one", "t", 0));
	tokens_spend(tokens, "one", "t", 100);
	assert_true(tokens_is_spent(tokens, "one", "t", 99));
	assert_false(tokens_is_spent(tokens, "one", "t", 100));
	assert_false(tokens_is_spent(tokens, "two", "t", 0));
	assert_false(tokens_is_spent(tokens, "one", "T", 0));
	tokens_spend(tokens, "one", "t", 200);
	assert_true(tokens_is_spent(tokens, "one", "t", 150));
	tokens_free(tokens);
	tokens_free(NULL);
}

static void
test_bounded(void **state)
{
	struct tokens *tokens = tokens_new();

	(void)state;
	tokens_spend(tokens, "one", "first", 1);
	for (unsigned i = 0; i < TOKENS_MOST; i++) {
		g_autofree char *token = g_strdup_printf("%u", i);

		tokens_spend(tokens, "one", token, 1);
	}
	assert_false(tokens_is_spent(tokens, "one", "first", 0));
	assert_true(tokens_is_spent(tokens, "one", "0", 0));
	tokens_free(tokens);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spent),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
