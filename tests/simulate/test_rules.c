/* SPDX-License-Identifier: MIT */
#include "rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct rule one_of_each[] = {
	{ "text", SHAPE_TEXT, 1, false },
	{ "people", SHAPE_PEOPLE, 0, false },
	{ "on", SHAPE_ON, 0, false },
	{ "yes", SHAPE_YES, 0, false },
	{ "htmlonly", SHAPE_HTMLONLY, 0, false },
	{ "date", SHAPE_DATE, 0, false },
	{ "within", SHAPE_WITHIN, 0, false },
	{ "hours", SHAPE_HOURS, 0, false },
	{ "zone", SHAPE_ZONE, 0, false },
	{ "tag", SHAPE_TAG, 0, false },
	{ "selector", SHAPE_SELECTOR, 0, false },
	{ "json", SHAPE_JSON, 0, false },
	{ "h:", SHAPE_HEADER, 0, false },
	{ 0 },
};

struct row {
	const char *field;
	const char *value;
	const char *message; /* NULL: taken */
};

#define YES(name)  "Invalid value for parameter '" name "'"
#define TIME       "invalid delivery time format"
#define DATE(text) text " is not an RFC-2822 compliant date"

static const struct row rows[] = {
	{ "text", "anything\r\nat all", NULL },
	{ "people", "Ann <a@b.c>, d@e.f", NULL },
	{ "people", "Ann",
	    "'people' parameter is not a valid address. please check "
	    "documentation" },
	{ "yes", "yes", NULL },
	{ "yes", "false", NULL },
	{ "yes", "False", YES("yes") },
	{ "on", "yes", NULL },
	{ "on", "no", YES("on") },
	{ "yes", "htmlonly", YES("yes") },
	{ "yes", "1", YES("yes") },
	{ "htmlonly", "htmlonly", NULL },
	{ "htmlonly", "no", NULL },
	{ "htmlonly", "textonly", YES("htmlonly") },
	{ "date", "Fri, 14 Oct 2011 12:00:00 +0000", NULL },
	{ "date", "14 Oct 2011 12:00 GMT", NULL },
	{ "date", "1318593600", NULL },
	{ "date", "2011-10-14T12:00:00Z", DATE("2011-10-14T12:00:00Z") },
	{ "date", "Fri, 14 Oct 2011 12:00:00 EST",
	    DATE("Fri, 14 Oct 2011 12:00:00 EST") },
	{ "within", "5m", NULL },
	{ "within", "1h30m", NULL },
	{ "within", "24h", NULL },
	{ "within", "4m", TIME },
	{ "within", "24h1m", TIME },
	{ "within", "90", TIME },
	{ "within", "", TIME },
	{ "hours", "24h", NULL },
	{ "hours", "72h", NULL },
	{ "hours", "23h", TIME },
	{ "hours", "73h", TIME },
	{ "zone", "23:59", NULL },
	{ "zone", "02:30pm", NULL },
	{ "zone", "24:00", "zone has an invalid format" },
	{ "zone", "13:00pm", "zone has an invalid format" },
	{ "tag", "news", NULL },
	{ "tag", "ä", YES("tag") },
	{ "selector", "example.com/s1", NULL },
	{ "selector", "example.com,s1",
	    "example.com,s1 is not a valid secondary dkim domain name" },
	{ "json", "{\"a@b.c\":{}}", NULL },
	{ "json", "[1]", "'json' parameter is not a valid JSON" },
	{ "json", "{", "'json' parameter is not a valid JSON" },
	{ "h:X-A", "ä", NULL },
	{ "h:X-\u00c4", "a", "Header name must be pure ASCII: X-\u00c4" },
};

static char *
judge(const struct rule *rules, const char *fields, GPtrArray *notes)
{
	g_autoptr(GPtrArray) parts = g_ptr_array_new();
	g_auto(GStrv) pairs = g_strsplit(fields, ";", -1);

	for (char **pair = pairs; *pair != NULL && **pair != '\0'; pair++) {
		g_auto(GStrv) two = g_strsplit(*pair, "=", 2);

		g_ptr_array_add(parts, piece_new_text(two[0], two[1]));
	}
	char *message = rules_check(rules, parts, notes);
	for (guint i = 0; i < parts->len; i++)
		piece_free(parts->pdata[i]);
	return message;
}

static void
test_shapes(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GPtrArray) notes =
		    g_ptr_array_new_with_free_func(g_free);
		g_autoptr(GPtrArray) parts = g_ptr_array_new();
		struct piece *part =
		    piece_new_text(rows[i].field, rows[i].value);

		print_message("%s=%s\n", rows[i].field, rows[i].value);
		g_ptr_array_add(parts, part);
		g_autofree char *message =
		    rules_check(one_of_each, parts, notes);
		assert_int_equal(g_strcmp0(message, rows[i].message), 0);
		assert_int_equal(notes->len, 0);
		piece_free(part);
	}
}

static void
test_long_tag(void **state)
{
	g_autofree char *tag = g_strnfill(129, 'a');
	g_autofree char *field = g_strconcat("tag=", tag, NULL);
	g_autofree char *message = judge(one_of_each, field, NULL);

	(void)state;
	assert_string_equal(message, YES("tag"));
}

static void
test_required(void **state)
{
	static const struct rule rules[] = {
		{ "a", SHAPE_TEXT, 1, true },
		{ "b", SHAPE_TEXT, 0, true },
		{ 0 },
	};
	g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *none = judge(rules, "", notes);
	g_autofree char *half = judge(rules, "a=1", notes);
	g_autofree char *both = judge(rules, "a=1;b=1;b=2", notes);

	(void)state;
	assert_string_equal(none, "a parameter is missing");
	assert_string_equal(half, "b parameter is missing");
	assert_null(both);
	assert_int_equal(notes->len, 0);
}

static void
test_notes(void **state)
{
	static const struct {
		const char *fields, *note;
	} cases[] = {
		{ "text=1;text=2", "field text comes more than 1 times" },
		{ "other=1", "field other is not known" },
		{ "h:=1", "field h: is not known" },
		{ "text=\xff", "field text is not UTF-8" },
		{ "h:X A=1", "h:X A is no name of a header" },
		{ "h:X-A=1\r\nB: 2", "h:X-A holds a line break" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GPtrArray) notes =
		    g_ptr_array_new_with_free_func(g_free);

		assert_null(judge(one_of_each, cases[i].fields, notes));
		assert_true(notes->len > 0);
		assert_string_equal(notes->pdata[0], cases[i].note);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_long_tag),
		cmocka_unit_test(test_required),
		cmocka_unit_test(test_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
