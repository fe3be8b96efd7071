/* SPDX-License-Identifier: MIT */
#include "multipart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define BREAK "malformed multipart/form-data request"
#define SHORT "unable to parse request: unexpected EOF"
#define PART  "\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n"

struct row {
	const char *name;
	const char *input;
	const char *parts; /* name|filename|type|value; ... */
	const char *error; /* NULL: none */
	const char *note;  /* the first; NULL: none */
};

static const struct row rows[] = {
	{ "one field", "--B" PART "x\r\n--B--\r\n", "a|-|-|x;", NULL, NULL },
	{ "no CRLF at the end", "--B" PART "x\r\n--B--", "a|-|-|x;", NULL,
	    NULL },
	{ "preamble and epilogue",
	    "hello\r\n--B" PART "x\r\n--B--\r\nbye\r\n--B" PART, "a|-|-|x;",
	    NULL, NULL },
	{ "two fields", "--B" PART "x\r\n--B" PART "y\r\n--B--\r\n",
	    "a|-|-|x;a|-|-|y;", NULL, NULL },
	{ "empty value", "--B" PART "\r\n--B--\r\n", "a|-|-|;", NULL, NULL },
	{ "almost a delimiter",
	    "--B" PART "\r\n--\r\n-B\r\n--\rB\r\n--A\r\n--B--\r\n",
	    "a|-|-|\r\n--\r\n-B\r\n--\rB\r\n--A;", NULL, NULL },
	{ "a file",
	    "--B\r\nContent-Disposition: form-data; name=\"a\"; "
	    "filename=\"x.pdf\"\r\nContent-Type: application/pdf; "
	    "name=y\r\n\r\n%PDF\r\n--B--\r\n",
	    "a|x.pdf|application/pdf; name=y|%PDF;", NULL, NULL },
	{ "names in any case, unquoted",
	    "--B\r\ncontent-disposition: FORM-DATA;NAME=a ; "
	    "FileName=f\r\n\r\nx\r\n--B--\r\n",
	    "a|f|-|x;", NULL, NULL },
	{ "semicolon in a name",
	    "--B\r\nContent-Disposition: form-data; name=\"a;b=c\"; "
	    "filename=\"d\"\r\n\r\nx\r\n--B--\r\n",
	    "a;b=c|d|-|x;", NULL, NULL },
	{ "quote in a filename",
	    "--B\r\nContent-Disposition: form-data; name=a; "
	    "filename=\"d\\\"e\"\r\n\r\nx\r\n--B--\r\n",
	    "a|d\"e|-|x;", NULL,
	    "filename of part a holds a slash, a backslash or a quote: how the "
	    "provider reads it is not known" },
	{ "empty filename",
	    "--B\r\nContent-Disposition: form-data; name=a; "
	    "filename=\"\"\r\n\r\nx\r\n--B--\r\n",
	    "a||-|x;", NULL, "part a has an empty filename" },
	{ "filename*",
	    "--B\r\nContent-Disposition: form-data; name=a; "
	    "filename*=utf-8''d\r\n\r\nx\r\n--B--\r\n",
	    "a|-|-|x;", NULL,
	    "part a uses filename*=, which the provider does not read" },
	{ "filename of no UTF-8",
	    "--B\r\nContent-Disposition: form-data; name=a; "
	    "filename=\"\xff\"\r\n\r\nx\r\n--B--\r\n",
	    "a|\xff|-|x;", NULL, "filename of part a is not UTF-8" },
	{ "another field",
	    "--B\r\nContent-Disposition: form-data; name=a\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\neA==\r\n--B--\r\n",
	    "a|-|-|eA==;", NULL,
	    "a part has the field Content-Transfer-Encoding, which no one "
	    "reads" },
	{ "nothing", "", "", SHORT, NULL },
	{ "no delimiter", "hello", "", SHORT, NULL },
	{ "cut in the fields", "--B\r\nContent-Dispo", "", SHORT, NULL },
	{ "cut in the body", "--B" PART "x", "a|-|-|;", SHORT, NULL },
	{ "cut behind a part", "--B" PART "x\r\n--B", "a|-|-|x;", SHORT, NULL },
	{ "rubbish behind a delimiter", "--B" PART "x\r\n--Bx\r\n--B--",
	    "a|-|-|x;", BREAK,
	    "the form is broken: rubbish behind a boundary" },
	{ "no disposition", "--B\r\nContent-Type: a/b\r\n\r\nx\r\n--B--", "",
	    BREAK, "the form is broken: a part has no Content-Disposition" },
	{ "another disposition",
	    "--B\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n--B--",
	    "", BREAK, "the form is broken: a part is not form-data" },
	{ "no name", "--B\r\nContent-Disposition: form-data\r\n\r\nx\r\n--B--",
	    "", BREAK, "the form is broken: a part has no name" },
	{ "no field", "--B\r\nnonsense\r\n\r\nx\r\n--B--", "", BREAK,
	    "the form is broken: a line of a part is no field" },
	{ "bare LF in the fields",
	    "--B\r\nContent-Disposition: form-data; name=a\nX: "
	    "y\r\n\r\nx\r\n--B--",
	    "", BREAK, "the form is broken: a bare CR or LF in a field" },
};

static char *
print_parts(const GPtrArray *parts)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < parts->len; i++) {
		const struct piece *part = parts->pdata[i];

		g_string_append_printf(text, "%s|%s|%s|%s;", part->name,
		    part->filename != NULL ? part->filename : "-",
		    part->type != NULL ? part->type : "-",
		    blob_text(part->body));
	}
	return g_string_free(text, FALSE);
}

static void
check(const struct row *row, size_t step)
{
	struct multipart *multipart = multipart_new("B", NULL);
	size_t length = strlen(row->input);

	for (size_t at = 0; at < length; at += step)
		multipart_feed(
		    multipart, row->input + at, MIN(step, length - at));
	g_autofree char *parts = print_parts(multipart_parts(multipart));
	const GPtrArray *notes = multipart_notes(multipart);
	const char *error = multipart_error(multipart);

	/* what was read of a cut value depends on where it was cut */
	if (g_strcmp0(row->error, SHORT) != 0)
		assert_string_equal(parts, row->parts);
	assert_string_equal(error != NULL ? error : "none",
	    row->error != NULL ? row->error : "none");
	assert_string_equal(notes->len > 0 ? notes->pdata[0] : "none",
	    row->note != NULL ? row->note : "none");
	multipart_free(multipart);
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

static void
test_limits(void **state)
{
	struct multipart *multipart = multipart_new("B", NULL);
	g_autofree char *blank = g_strnfill(20000, 'x');

	(void)state;
	multipart_feed(multipart, "--B\r\n", 5);
	multipart_feed(multipart, blank, 20000);
	assert_string_equal(multipart_error(multipart), BREAK);
	multipart_free(multipart);
}

static void
test_boundary(void **state)
{
	static const struct {
		const char *type, *boundary;
	} types[] = {
		{ "multipart/form-data; boundary=abc", "abc" },
		{ "multipart/form-data; charset=utf-8; Boundary=\"a b\"",
		    "a b" },
		{ "multipart/form-data;boundary=a;x=y", "a" },
		{ "multipart/form-data", NULL },
		{ "multipart/form-data; boundaryx=a", NULL },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
		g_autofree char *found = multipart_boundary(types[i].type);

		assert_int_equal(g_strcmp0(found, types[i].boundary), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_boundary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
