/* SPDX-License-Identifier: MIT */
#include "decode.h"
#include "mail/sample.h"
#include "segment_range.h"

static GString *
encode_all(enum encode_form form, const char *in, size_t length, size_t step)
{
	GString *all = g_string_new(NULL);
	g_autofree unsigned char *out = g_malloc(ENCODE_ROOM(step));
	struct encode encode;

	encode_start(&encode, form);
	for (size_t at = 0; at < length; at += step) {
		size_t take = MIN(step, length - at);
		size_t given = encode_bytes(
		    &encode, (const unsigned char *)in + at, take, out);

		assert_true(given <= ENCODE_ROOM(take));
		g_string_append_len(all, (char *)out, (gssize)given);
	}
	g_string_append_len(all, (char *)out, (gssize)encode_end(&encode, out));
	return all;
}

#define X73 \
	"0123456789012345678901234567890123456789012345678901234567890123456789012"

static const struct {
	enum encode_form form;
	const char *in, *out;
} rows[] = {
	{ ENCODE_QUOTED, "", "" },
	{ ENCODE_QUOTED, "plain\r\n\r\n~ !\r\n", "plain\r\n\r\n~ !\r\n" },
	{ ENCODE_QUOTED, "=\xff\x7f\x01\tx", "=3D=FF=7F=01\tx" },
	{ ENCODE_QUOTED, "a \r\nb\t\r\n \r\n  \r\nc ",
	    "a=20\r\nb=09\r\n=20\r\n =20\r\nc=20" },
	{ ENCODE_QUOTED, "a\rb\nc \rd\r\re \n\r",
	    "a=0Db=0Ac =0Dd=0D=0De =0A=0D" },
	{ ENCODE_QUOTED, X73 "ab\r\n", X73 "ab\r\n" },
	{ ENCODE_QUOTED, X73 "abc\r\n", X73 "ab=\r\nc\r\n" },
	{ ENCODE_QUOTED, X73 "\xe9\r\n", X73 "=\r\n=E9\r\n" },
	{ ENCODE_QUOTED, X73 "ab--x\r\n--x\r\n",
	    X73 "ab=\r\n=2D-x\r\n--x\r\n" },
	{ ENCODE_QUOTED, X73 "abFrom \r\nFrom x",
	    X73 "ab=\r\n=46rom=20\r\nFrom x" },
	{ ENCODE_LINES, "", "" },
	{ ENCODE_LINES, "hi", "aGk=\r\n" },
	{ ENCODE_LINES,
	    "0123456789012345678901234567890123456789012345678901234"
	    "56",
	    "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODk"
	    "wMTIzNDU2\r\n" },
	{ ENCODE_BASE64, "hi", "aGk=" },
	{ ENCODE_PLAIN, "hi\r\n", "hi\r\n" },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		for (size_t step = 1; step < 5; step++) {
			g_autoptr(GString) out = encode_all(
			    rows[i].form, rows[i].in, strlen(rows[i].in), step);

			assert_string_equal(out->str, rows[i].out);
		}
}

static void
check_lines(const GString *text, size_t most)
{
	g_auto(GStrv) lines = g_strsplit(text->str, "\r\n", -1);

	for (char **line = lines; *line != NULL; line++) {
		assert_true(strlen(*line) <= most);
		assert_null(strpbrk(*line, "\r\n"));
		for (const char *at = *line; *at != '\0'; at++)
			assert_true((*at >= ' ' && *at <= '~') || *at == '\t');
		assert_false(g_str_has_suffix(*line, " "));
	}
}

/* Whatever the bytes and the steps: they come back, and no line is long. */
static void
test_random(void **state)
{
	static const char few[] = "ab=-F \t\r\n\r\n\xc3\xa9\"\\";
	static const struct {
		enum encode_form form;
		enum part_encoding encoding;
	} forms[] = {
		{ ENCODE_QUOTED, PART_QUOTED_PRINTABLE },
		{ ENCODE_LINES, PART_BASE64 },
	};
	g_autoptr(GRand) random = g_rand_new_with_seed(6);

	(void)state;
	for (int round = 0; round < 2000; round++) {
		gint32 length = g_rand_int_range(random, 0, 400);
		size_t step = (size_t)g_rand_int_range(random, 1, 100);
		size_t form = (size_t)round % G_N_ELEMENTS(forms);
		g_autoptr(GString) in = g_string_new(NULL);
		g_autoptr(GString) out = NULL;
		g_autofree unsigned char *back = NULL;
		struct decode decode;
		size_t given;

		for (gint32 i = 0; i < length; i++)
			g_string_append_c(
			    in, round % 4 < 2
				    ? (char)g_rand_int_range(random, 1, 256)
				    : few[g_rand_int_range(
					  random, 0, sizeof few - 1)]);
		out = encode_all(forms[form].form, in->str, in->len, step);
		check_lines(out, 76);
		back = g_malloc(out->len + 2 * DECODE_SLACK);
		decode_start(&decode, forms[form].encoding);
		given = decode_bytes(
		    &decode, (unsigned char *)out->str, out->len, back);
		given += decode_end(&decode, back + given);
		assert_false(decode.damaged);
		assert_int_equal(given, in->len);
		assert_memory_equal(back, in->str, given);
	}
}

/* What a range is said to give is what it gives, escaped or not. */
static void
test_range(void **state)
{
	g_autoptr(GString) mail = g_string_new("A: b\r\n\r\n");
	struct submission *submission;

	(void)state;
	while (mail->len < 200000)
		g_string_append(mail,
		    "caf\xc3\xa9 \"q\" \\ \t=3D =E9 \r\n aGkh \x01 end\r\n");
	submission = sample_submission(mail->str, mail->len);
	for (int i = 0; i < 2 * 3 * 5; i++) {
		struct segment_range range = {
			.offset = 8,
			.length = mail->len - 11,
			.encoding = (enum part_encoding)(i / 2 % 3),
			.form = (enum encode_form)(i / 6),
		};
		struct segments *segments = segments_new(submission->spool);
		struct segment_reader *reader;
		char piece[1000];
		ssize_t got;

		segment_range_measure(submission->spool, &range);
		assert_true(range.size > 0 && range.json_size >= range.size);
		segments_add_range(segments, &range,
		    i % 2 == 0 ? SEGMENT_PLAIN : SEGMENT_JSON);
		reader = segment_reader_new(segments);
		do
			got = segment_reader_read(reader, piece, sizeof piece);
		while (got > 0);
		assert_int_equal(got, 0);
		assert_int_equal(segment_reader_given(reader),
		    i % 2 == 0 ? range.size : range.json_size);
		segment_reader_free(reader);
		segments_unref(segments);
	}
	submission_free(submission);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
