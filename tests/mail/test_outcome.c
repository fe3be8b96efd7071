/* SPDX-License-Identifier: MIT */
#include "core/log.h"
#include "mail/outcome.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct verdict_rule rules[] = {
	{ .status = 429, .class = VERDICT_THROTTLE },
	{ .status = 400,
	    .status_max = 499,
	    .pattern = "limit exceeded|try again after",
	    .class = VERDICT_THROTTLE },
	{ .status = 400,
	    .pattern = "is not a valid address",
	    .class = VERDICT_RECIPIENT },
	{ .status = 400, .status_max = 499, .class = VERDICT_PAYLOAD },
	{ .pattern = "magnificent api", .class = VERDICT_ACCOUNT },
	{ .status = 500,
	    .status_max = 599,
	    .class = VERDICT_DOUBT,
	    .mark = VERDICT_UNLIKELY },
	{ .class = VERDICT_NONE },
};

static void
test_find(void **state)
{
	static const struct {
		unsigned status;
		const char *text;
		int row; /* -1: none */
	} cases[] = {
		{ 429, "", 0 },
		{ 429, NULL, 0 },
		{ 420, "Recipient LIMIT EXCEEDED, try later", 1 },
		{ 400, "to parameter IS NOT a valid address.", 2 },
		{ 400, "\xff\xfe is not a valid address", 2 },
		{ 401, "is not a valid address", 3 },
		{ 499, "", 3 },
		{ 200, "Mailgun Magnificent API", 4 },
		{ 500, "", 5 },
		{ 599, "x", 5 },
		{ 200, "", -1 },
		{ 0, "", -1 },
	};
	struct verdict_table *table = verdict_table_new(rules);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const struct verdict_rule *rule =
		    verdict_find(table, cases[i].status, cases[i].text);

		assert_int_equal(
		    rule == NULL ? -1 : rule - rules, cases[i].row);
	}
	verdict_table_free(table);
}

static void
test_find_in_long_text(void **state)
{
	struct verdict_table *table = verdict_table_new(rules);
	g_autoptr(GString) text = g_string_new(NULL);

	(void)state;
	while (text->len < 200 * 1024)
		g_string_append(text, "blah ");
	g_string_insert(text, 60 * 1024, "magnificent api");
	assert_ptr_equal(verdict_find(table, 200, text->str), &rules[4]);
	g_string_erase(text, 60 * 1024, 15);
	g_string_append(text, "magnificent api");
	assert_null(verdict_find(table, 200, text->str));
	verdict_table_free(table);
}

static void
test_clean(void **state)
{
	static const struct {
		const char *text;
		size_t most;
		const char *clean;
	} cases[] = {
		{ "plain", 100, "plain" },
		{ "two\r\nlines\tand  blanks ", 100, "two lines and blanks" },
		{ "\x1b[31mred\x07", 100, "[31mred" },
		{ "caf\xc3\xa9", 100, "caf\xc3\xa9" },
		{ "caf\xc3\xa9", 4, "caf" },
		{ "caf\xe9!", 100, "caf?!" },
		{ "caf\xc3", 100, "caf?" },
		{ "a\xe2\x80\xaetxt.exe", 100, "a txt.exe" },
		{ "a\xc2\x85"
		  "b",
		    100, "a b" },
		{ "a\xe2\x80\xa8"
		  "b",
		    100, "a b" },
		{ "1234567", 5, "12345" },
		{ "1234  567", 5, "1234" },
		{ "  ", 5, "" },
		{ "x", 0, "" },
		{ "no canary-4567, no", 100, "no <redacted>, no" },
		/* not within what it hides */
		{ "no canary-4567, no", 9, "no <redac" },
	};

	(void)state;
	log_hide("canary-4567");
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *clean = verdict_clean(
		    cases[i].text, strlen(cases[i].text), cases[i].most);

		assert_string_equal(clean, cases[i].clean);
	}
	g_autofree char *nul = verdict_clean("a\0b", 3, 10);
	assert_string_equal(nul, "a b");
	g_autofree char *behind = verdict_clean("\0canary-4567\0", 13, 20);
	assert_string_equal(behind, "<redacted>");
}

static void
test_set(void **state)
{
	struct outcome *outcome = outcome_new(2);
	g_autofree char *text = g_strnfill(5000, 'x');

	(void)state;
	assert_int_equal(outcome->verdicts[0].class, VERDICT_NONE);
	assert_null(outcome->verdicts[0].text);
	outcome_set_all(outcome, VERDICT_OUTAGE, 503, text);
	assert_int_equal(strlen(outcome->verdicts[1].text), 512);
	outcome_set(outcome, 1, VERDICT_ACCEPTED, 200, NULL);
	outcome_set_id(outcome, 1, "<id\r\n@mg>");
	assert_string_equal(outcome->verdicts[1].text, "");
	assert_string_equal(outcome->verdicts[1].id, "<id @mg>");
	assert_int_equal(outcome->verdicts[0].class, VERDICT_OUTAGE);
	assert_int_equal(outcome->verdicts[0].status, 503);
	outcome_set_id(outcome, 1, NULL);
	assert_null(outcome->verdicts[1].id);
	outcome_free(outcome);
	outcome_free(NULL);
}

static void
test_class_text(void **state)
{
	(void)state;
	assert_string_equal(verdict_class_text(VERDICT_NONE), "none");
	assert_string_equal(verdict_class_text(VERDICT_DOUBT), "doubt");
	for (int i = VERDICT_NONE; i <= VERDICT_DOUBT; i++)
		assert_non_null(verdict_class_text((enum verdict_class)i));
}

/* What a provider says back of our key is told to nobody. */
static void
test_secret(void **state)
{
	struct outcome *outcome = outcome_new(1);

	(void)state;
	log_hide("key-0123456789");
	outcome_set(outcome, 0, VERDICT_PAYLOAD, 400,
	    "bad key-0123456789, and key-0123456789");
	assert_string_equal(
	    outcome->verdicts[0].text, "bad <redacted>, and <redacted>");
	outcome_free(outcome);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_find_in_long_text),
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_secret),
		cmocka_unit_test(test_class_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
