/* SPDX-License-Identifier: MIT */
#include "mail/sample.h"

struct row {
	const char *text;
	const char *fields; /* name=body; ... */
	const char *body;   /* what stands behind the header */
};

static const struct row rows[] = {
	{ "A: 1\nB: 2\n\nbody\n", "A=1;B=2;", "body\r\n" },
	{ "A: 1\n 2\n\t3\nB:\n\n", "A=1 2\t3;B=;", "" },
	{ "A : x \n\n", "A=x;", "" },
	{ "A:\n  x\n\n", "A=x;", "" },
	{ "A:1\n   \nB:2\n\n", "A=1;B=2;", "" },
	{ "A: b: c\n\n", "A=b: c;", "" },
	{ "\nbody\n", "", "body\r\n" },
	{ "A: 1\nno field\n", "A=1;", "no field\r\n" },
	{ "hello\n", "", "hello\r\n" },
	{ "From x@y Mon Jan  1\nA: 1\n\nb", "A=1;", "b" },
	{ "From : x\nA: 1\n\n", "From=x;A=1;", "" },
	{ "A: 1\nX-\xe9: y\nB: 2\n\nbody\n", "A=1;=X-\xe9: y;B=2;",
	    "body\r\n" },
	{ "\x01 : y\n z\nB: 2\n\n", "=\x01 : y z;B=2;", "" },
	{ "A: caf\xe9\n\n", "A=caf\xe9;", "" },
	{ "A: 1", "A=1;", "" },
	{ "", "", "" },
};

static struct header *
read_header(const struct submission *submission)
{
	struct header *header =
	    header_read(submission->spool, &submission->seen);

	assert_non_null(header);
	return header;
}

static void
check_row(const struct row *row)
{
	g_autoptr(GString) lines = sample_lines(row->text);
	g_autoptr(GString) fields = g_string_new(NULL);
	struct submission *submission =
	    sample_submission(lines->str, lines->len);
	struct header *header = read_header(submission);

	for (unsigned i = 0; i < header->fields->len; i++) {
		const struct header_field *field =
		    &g_array_index(header->fields, struct header_field, i);

		g_string_append_printf(
		    fields, "%s=%s;", field->name, field->body);
		assert_memory_equal(header_bytes(header, field),
		    lines->str + field->offset, field->length);
	}
	if (strcmp(fields->str, row->fields) != 0)
		print_error("of %s\n", row->text);
	assert_string_equal(fields->str, row->fields);
	assert_string_equal(lines->str + header->end, row->body);
	header_free(header);
	submission_free(submission);
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		check_row(&rows[i]);
}

static void
test_find(void **state)
{
	g_autoptr(GString) lines =
	    sample_lines("To: a\nX: 1\nto: b\n\nTo: c\n");
	struct submission *submission =
	    sample_submission(lines->str, lines->len);
	struct header *header = read_header(submission);

	(void)state;
	assert_string_equal(header_find(header, "TO")->body, "a");
	assert_int_equal(header_count(header, "To"), 2);
	assert_int_equal(header_count(header, "Cc"), 0);
	assert_null(header_find(header, "Cc"));
	header_free(header);
	header_free(NULL);
	submission_free(submission);
}

static void
test_longest(void **state)
{
	g_autoptr(GString) lines =
	    sample_lines("A: 12345\n 1\n 12345678\nB: 1\n\n");
	struct submission *submission =
	    sample_submission(lines->str, lines->len);
	struct header *header = read_header(submission);

	(void)state;
	assert_int_equal(header_find(header, "A")->longest, 9);
	assert_int_equal(header_find(header, "B")->longest, 4);
	assert_int_equal(header_find(header, "B")->length, 6);
	header_free(header);
	submission_free(submission);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
