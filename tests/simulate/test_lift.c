/* SPDX-License-Identifier: MIT */
#include "lift.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define M0 "\"\\u0001lifted 0\""
#define M1 "\"\\u0001lifted 1\""

struct row {
	const char *name;
	const char *input;
	const char *json;  /* NULL: broken */
	const char *texts; /* text/decoded/flags; ...  flags: u UTF-8, b
			    * base64 */
};

static const struct row rows[] = {
	{ "nothing to lift", "{\"a\":\"b\",\"c\":[1,null]}",
	    "{\"a\":\"b\",\"c\":[1,null]}", "" },
	{ "a text", "{\"text\":\"hi\",\"a\":\"text\"}",
	    "{\"text\":" M0 ",\"a\":\"text\"}", "hi/-/u;" },
	{ "space about", "{ \"html\"\n:\t\"hi\" }", "{ \"html\"\n:\t" M0 " }",
	    "hi/-/u;" },
	{ "two", "[{\"content\":\"YWI=\"},{\"raw_message\":\"\"}]",
	    "[{\"content\":" M0 "},{\"raw_message\":" M1 "}]",
	    "YWI=/ab/ub;/-/u;" },
	{ "a value that is no string", "{\"text\":[\"a\"],\"html\":null}",
	    "{\"text\":[\"a\"],\"html\":null}", "" },
	{ "a value like a key", "[\"text\",\"a\"]", "[\"text\",\"a\"]", "" },
	{ "a key in a value", "{\"a\":\"text\",\"b\":\"c\"}",
	    "{\"a\":\"text\",\"b\":\"c\"}", "" },
	{ "a longer key", "{\"text_of_some_length_x\":\"a\"}",
	    "{\"text_of_some_length_x\":\"a\"}", "" },
	{ "escapes that stay", "{\"a\\\"\":\"\\\\\",\"text\":\"x\"}",
	    "{\"a\\\"\":\"\\\\\",\"text\":" M0 "}", "x/-/u;" },
	{ "escapes", "{\"text\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}",
	    "{\"text\":" M0 "}", "\"\\/\b\f\n\r\t/-/u;" },
	{ "units", "{\"text\":\"\\u0041\\u20ac\\ud83d\\ude00\"}",
	    "{\"text\":" M0 "}", "A\u20ac\U0001f600/-/u;" },
	{ "UTF-8", "{\"text\":\"\u00e4\u20ac\U0001f600\"}", "{\"text\":" M0 "}",
	    "\u00e4\u20ac\U0001f600/-/u;" },
	{ "no UTF-8", "{\"text\":\"a\xc3z\"}", "{\"text\":" M0 "}",
	    "a\xc3z/-/;" },
	{ "cut UTF-8", "{\"text\":\"a\xe2\x82\"}", "{\"text\":" M0 "}",
	    "a\xe2\x82/-/;" },
	{ "lone high surrogate", "{\"text\":\"\\ud83dx\"}", "{\"text\":" M0 "}",
	    "x/-/;" },
	{ "lone low surrogate", "{\"text\":\"\\ude00x\"}", "{\"text\":" M0 "}",
	    "x/-/;" },
	{ "high surrogate at the end", "{\"text\":\"\\ud83d\"}",
	    "{\"text\":" M0 "}", "/-/;" },
	{ "two high surrogates", "{\"text\":\"\\ud83d\\ud83d\\ude00\"}",
	    "{\"text\":" M0 "}", "\U0001f600/-/;" },
	{ "escaped slash in base64", "{\"content\":\"YWI\\/\"}",
	    "{\"content\":" M0 "}", "YWI//ab?/ub;" },
	{ "no base64", "{\"content\":\"YW I=\"}", "{\"content\":" M0 "}",
	    "YW I=/ab/u;" },
	{ "cut base64", "{\"content\":\"YWI\"}", "{\"content\":" M0 "}",
	    "YWI//u;" },
	{ "bare control character", "{\"text\":\"a\nb\"}", NULL, "" },
	{ "wrong escape", "{\"text\":\"\\x\"}", NULL, "" },
	{ "wrong unit", "{\"text\":\"\\u00g0\"}", NULL, "" },
};

/* Marks count up from 0. */
static char *
print_texts(const struct lift *lift)
{
	GString *text = g_string_new(NULL);

	for (unsigned i = 0;; i++) {
		g_autofree char *mark = g_strdup_printf("\001lifted %u", i);
		struct lifted *lifted = lift_find(lift, mark);

		if (lifted == NULL)
			return g_string_free(text, FALSE);
		g_string_append_printf(text, "%s/%s/%s%s;",
		    blob_text(lifted->text),
		    lifted->decoded != NULL ? blob_text(lifted->decoded) : "-",
		    lifted->utf8 ? "u" : "", lifted->base64 ? "b" : "");
	}
}

static void
check(const struct row *row, size_t step)
{
	struct lift *lift = lift_new(NULL);
	size_t length = strlen(row->input);
	const char *problem = NULL;

	for (size_t at = 0; at < length; at += step)
		lift_feed(lift, row->input + at, MIN(step, length - at));
	const GString *json = lift_json(lift, &problem);
	if (row->json == NULL) {
		assert_null(json);
		assert_non_null(problem);
	} else {
		g_autofree char *texts = print_texts(lift);

		assert_non_null(json);
		assert_null(problem);
		assert_string_equal(json->str, row->json);
		assert_string_equal(texts, row->texts);
	}
	lift_free(lift);
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		print_message("%s\n", rows[i].name);
		for (size_t step = 1; step < 8; step++)
			check(&rows[i], step);
		check(&rows[i], 100000);
	}
}

/* The document stays small while a file of 8 MiB passes. */
static void
test_large(void **state)
{
	struct lift *lift = lift_new(NULL);
	g_autofree char *block = g_strnfill(65536, 'A');
	const char *problem;

	(void)state;
	lift_feed(lift, "{\"content\":\"", 12);
	for (unsigned i = 0; i < 128; i++)
		lift_feed(lift, block, 65536);
	lift_feed(lift, "\"}", 2);
	const GString *json = lift_json(lift, &problem);
	assert_string_equal(json->str, "{\"content\":" M0 "}");
	struct lifted *lifted = lift_find(lift, "\001lifted 0");
	assert_int_equal(blob_size(lifted->decoded), 128 * 65536 / 4 * 3);
	assert_true(blob_memory(lifted->text) <= 2 * 65536);
	assert_true(lifted->base64);
	lift_free(lift);
}

static void
test_too_large(void **state)
{
	struct lift *lift = lift_new(NULL);
	g_autofree char *block = g_strnfill(65536, 'A');
	const char *problem;

	(void)state;
	lift_feed(lift, "{\"subject\":\"", 12);
	for (unsigned i = 0; i < 129; i++)
		lift_feed(lift, block, 65536);
	assert_null(lift_json(lift, &problem));
	assert_non_null(strstr(problem, "too large"));
	lift_free(lift);
}

/* A client that writes marks itself gets none but those that are there. */
static void
test_marks(void **state)
{
	struct lift *lift = lift_new(NULL);

	(void)state;
	assert_null(lift_find(lift, "\001lifted 0"));
	assert_null(lift_find(lift, "\001lifted 99999999999999999999"));
	assert_null(lift_find(lift, "lifted 0"));
	lift_free(lift);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
