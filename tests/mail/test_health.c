/* SPDX-License-Identifier: MIT */
#include "mail/health.h"

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void
test_set(void **state)
{
	struct health health = { .probed_ms = 7 };
	g_autofree char *large = g_strnfill(2000, 'x');

	(void)state;
	assert_int_equal(health.state, HEALTH_UNKNOWN);
	health_set(&health, HEALTH_BAD, "no\r\nkey\x01", "set one");
	assert_int_equal(health.state, HEALTH_BAD);
	assert_null(strpbrk(health.text, "\r\n\x01"));
	assert_int_equal(strncmp(health.text, "no", 2), 0);
	assert_string_equal(health.advice, "set one");
	assert_int_equal(health.probed_ms, 7);
	/* its own texts may be given again */
	health_set(&health, HEALTH_GOOD, health.advice, NULL);
	assert_string_equal(health.text, "set one");
	assert_null(health.advice);
	health_set(&health, HEALTH_DOUBTFUL, large, NULL);
	assert_true(strlen(health.text) <= 512);
	health_clear(&health);
	assert_null(health.text);
	assert_int_equal(health.probed_ms, 0);
}

static void
test_copy(void **state)
{
	struct health health = { .probed_ms = 7 }, copy;

	(void)state;
	health_copy(&copy, &health);
	assert_null(copy.text);
	health_set(&health, HEALTH_BAD, "a", "b");
	health_copy(&copy, &health);
	health_clear(&health);
	assert_int_equal(copy.state, HEALTH_BAD);
	assert_string_equal(copy.text, "a");
	assert_string_equal(copy.advice, "b");
	assert_int_equal(copy.probed_ms, 7);
	health_clear(&copy);
}

static void
test_words(void **state)
{
	static const char *const words[] = { "unknown", "good", "doubtful",
		"bad", "unreachable" };

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(words); i++)
		assert_string_equal(
		    health_state_text((enum health_state)i), words[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
