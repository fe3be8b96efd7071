/* SPDX-License-Identifier: MIT */
#include "mail/recipient.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The numbers are on disks. */
static const struct {
	enum recipient_state state;
	int number;
	bool final;
	const char *text;
} states[] = {
	{ RECIPIENT_WAITING, 0, false, "waiting" },
	{ RECIPIENT_OPEN, 1, false, "open" },
	{ RECIPIENT_ACCEPTED, 2, true, "accepted" },
	{ RECIPIENT_REFUSED, 3, true, "refused" },
	{ RECIPIENT_DOUBT, 4, false, "doubt" },
	{ RECIPIENT_HELD, 5, false, "held" },
	{ RECIPIENT_DROPPED, 6, true, "dropped" },
	{ (enum recipient_state)7, 7, false, "unknown" },
};

static void
test_states(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
		assert_int_equal(states[i].state, states[i].number);
		assert_int_equal(
		    recipient_is_final(states[i].state), states[i].final);
		assert_string_equal(
		    recipient_state_text(states[i].state), states[i].text);
	}
}

static void
test_copy(void **state)
{
	struct recipient copy, from = { .state = RECIPIENT_DOUBT,
		.class = VERDICT_DOUBT,
		.status = 502,
		.suppressed = true,
		.provider = g_strdup("mailgun"),
		.id = g_strdup("<1@mg>"),
		.text = g_strdup("Bad gateway"),
		.refused_by = g_strsplit("mandrill,upstream", ",", 0),
		.until_ms = 1234 };

	(void)state;
	recipient_copy(&copy, &from);
	from.text[0] = 'M';
	from.refused_by[1][0] = 'U';
	recipient_clear(&from);
	assert_int_equal(from.state, RECIPIENT_WAITING);
	assert_null(from.provider);
	assert_null(from.refused_by);
	assert_int_equal(from.until_ms, 0);
	assert_int_equal(copy.state, RECIPIENT_DOUBT);
	assert_int_equal(copy.class, VERDICT_DOUBT);
	assert_int_equal(copy.status, 502);
	assert_true(copy.suppressed);
	assert_string_equal(copy.provider, "mailgun");
	assert_string_equal(copy.id, "<1@mg>");
	assert_string_equal(copy.text, "Bad gateway");
	assert_string_equal(copy.refused_by[0], "mandrill");
	assert_string_equal(copy.refused_by[1], "upstream");
	assert_null(copy.refused_by[2]);
	assert_int_equal(copy.until_ms, 1234);
	recipient_clear(&copy);
	recipient_clear(&copy);
}

static void
test_copy_of_nothing(void **state)
{
	struct recipient copy, from = { .state = RECIPIENT_WAITING };

	(void)state;
	recipient_copy(&copy, &from);
	assert_int_equal(copy.state, RECIPIENT_WAITING);
	assert_null(copy.provider);
	assert_null(copy.id);
	assert_null(copy.text);
	assert_null(copy.refused_by);
	recipient_clear(&copy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_copy_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
