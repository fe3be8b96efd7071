/* SPDX-License-Identifier: MIT */
#include "core/form_data.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct seen {
	GString *text;
	unsigned parts_most;
};

static bool
on_begin(void *object, const struct form_data_part *part)
{
	struct seen *seen = object;

	g_string_append_printf(seen->text, "%s/%s/%s/%s/%s/%u:", part->name,
	    part->filename != NULL ? part->filename : "-",
	    part->type != NULL ? part->type : "-",
	    part->content_id != NULL ? part->content_id : "-",
	    part->encoding != NULL ? part->encoding : "-",
	    part->strangers->len);
	return seen->parts_most-- > 0;
}

static bool
on_body(void *object, const char *bytes, size_t length)
{
	struct seen *seen = object;

	g_string_append_len(seen->text, bytes, (gssize)length);
	return true;
}

static bool
on_end(void *object)
{
	struct seen *seen = object;

	g_string_append_c(seen->text, ';');
	return true;
}

static const struct form_data_hooks hooks = { on_begin, on_body, on_end };

#define PART  "--b\r\nContent-Disposition: form-data; name="
#define LAST  "\r\n--b--\r\n"
#define BREAK "\r\n\r\n"

static const struct {
	const char *name, *text, *seen, *fault; /* NULL: none */
} rows[] = {
	{ "a field", PART "to" BREAK "a@b.example" LAST,
	    "to/-/-/-/-/0:a@b.example;", NULL },
	{ "two", PART "\"a\"" BREAK "1\r\n" PART "\"a\"" BREAK "2" LAST,
	    "a/-/-/-/-/0:1;a/-/-/-/-/0:2;", NULL },
	{ "a file",
	    PART "\"f\"; filename=\"x \\\"y\\\".txt\"\r\n"
		 "Content-Type: text/plain\r\ncontent-id: <c>\r\n"
		 "Content-Transfer-Encoding: base64 \r\nX-Y: z" BREAK
		 "a\r\n--c" LAST,
	    "f/x \"y\".txt/text/plain/<c>/base64/1:a\r\n--c;", NULL },
	{ "nothing in it", PART "a" BREAK LAST, "a/-/-/-/-/0:;", NULL },
	{ "a preamble", "hello\r\n" PART "a" BREAK "1" LAST "bye",
	    "a/-/-/-/-/0:1;", NULL },
	{ "no part", "--b--\r\n", "", NULL },
	{ "empty", "", "", "ends before its last boundary" },
	{ "cut", PART "a" BREAK "1", "a/-/-/-/-/0:", "ends before" },
	{ "no name", "--b\r\nContent-Disposition: form-data" BREAK "1" LAST, "",
	    "has no name" },
	{ "no head", "--b\r\n" BREAK "1" LAST, "", "no Content-Disposition" },
	{ "of another kind",
	    "--b\r\nContent-Disposition: attachment; name=a" BREAK "1" LAST, "",
	    "is not form-data" },
	{ "no field", PART "a\r\nx y" BREAK "1" LAST, "", "is no field" },
	{ "a bare LF", PART "a\nX: y" BREAK "1" LAST, "", "bare CR or LF" },
	{ "behind a boundary", "--bx\r\n", "", "rubbish" },
	{ "more than wanted",
	    PART "a" BREAK "1\r\n" PART "b" BREAK "\r\n" PART "c" BREAK LAST,
	    NULL, "nobody reads on" },
};

static void
check(size_t row, size_t step)
{
	struct seen seen = { g_string_new(NULL), 2 };
	struct form_data *form = form_data_new("b", &hooks, &seen);
	size_t length = strlen(rows[row].text);

	for (size_t at = 0; at < length; at += step)
		form_data_feed(
		    form, rows[row].text + at, MIN(step, length - at));
	const char *fault = form_data_fault(form);
	if (rows[row].fault == NULL)
		assert_null(fault);
	else if (fault == NULL || strstr(fault, rows[row].fault) == NULL)
		fail_msg("%s: %s", rows[row].name, fault);
	if (rows[row].seen != NULL && step > 100)
		assert_string_equal(seen.text->str, rows[row].seen);
	form_data_free(form);
	g_string_free(seen.text, TRUE);
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		print_message("%s\n", rows[i].name);
		for (size_t step = 1; step < 12; step++)
			check(i, step);
		check(i, 10000);
	}
}

static void
test_boundary(void **state)
{
	static const struct {
		const char *type, *boundary; /* NULL: none */
	} types[] = {
		{ "multipart/form-data; boundary=abc", "abc" },
		{ "multipart/form-data; charset=utf-8; Boundary=\"a b\"",
		    "a b" },
		{ "multipart/form-data", NULL },
		{ "multipart/form-data; boundary", NULL },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
		g_autofree char *boundary = form_data_boundary(types[i].type);

		if (types[i].boundary == NULL)
			assert_null(boundary);
		else
			assert_string_equal(boundary, types[i].boundary);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_boundary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
