/* SPDX-License-Identifier: MIT */
#include "decode.h"
#include "mail/sample.h"
#include "mail/segment.h"

#include <errno.h>

/* Reads all in pieces of `step` bytes; NULL when the reader broke off. */
static GString *
read_all(struct segments *segments, size_t step)
{
	GString *all = g_string_new(NULL);
	struct segment_reader *reader = segment_reader_new(segments);
	g_autofree char *piece = g_malloc(step);
	ssize_t got;

	while ((got = segment_reader_read(reader, piece, step)) > 0)
		g_string_append_len(all, piece, got);
	assert_int_equal(segment_reader_given(reader), all->len);
	if (got == 0)
		assert_int_equal(segment_reader_read(reader, piece, step), 0);
	segment_reader_free(reader);
	if (got == 0)
		return all;
	g_string_free(all, TRUE);
	return NULL;
}

static void
check_all(struct segments *segments, const char *expected, size_t length)
{
	static const size_t steps[] = { 1, 7, 4096, 100000 };

	assert_int_equal(segments_size(segments), length);
	for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
		g_autoptr(GString) all = read_all(segments, steps[i]);

		assert_non_null(all);
		assert_int_equal(all->len, length);
		assert_memory_equal(all->str, expected, length);
	}
}

static void
test_bytes(void **state)
{
	struct segments *segments = segments_new(NULL);
	g_autoptr(GBytes) shared = g_bytes_new_static("shared", 6);
	g_autoptr(GBytes) none = g_bytes_new(NULL, 0);

	(void)state;
	check_all(segments, "", 0);
	segments_add(segments, "a\0b", 3);
	segments_add_text(segments, "text");
	segments_printf(segments, "%d-%s", 7, "x");
	segments_add_bytes(segments, shared);
	segments_add_bytes(segments, none);
	segments_add_text(segments, "");
	segments_add_text(segments, "end");
	check_all(segments, "a\0btext7-xsharedend", 19);
	assert_true(segments_memory(segments) >= 19);
	segments_unref(segments_ref(segments));
	segments_unref(segments);
	segments_unref(NULL);
}

static void
test_json_text(void **state)
{
	static const struct {
		const char *text, *json;
	} rows[] = {
		{ "plain/", "plain/" },
		{ "\"\\\b\f\n\r\t", "\\\"\\\\\\b\\f\\n\\r\\t" },
		{ "\x01\x1f\x7f", "\\u0001\\u001f\\u007f" },
		{ "caf\xc3\xa9", "caf\xc3\xa9" },
		{ "caf\xe9!", "caf\xef\xbf\xbd!" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct segments *segments = segments_new(NULL);

		segments_add_json(segments, rows[i].text, strlen(rows[i].text));
		check_all(segments, rows[i].json, strlen(rows[i].json));
		segments_unref(segments);
	}
}

struct fold_row {
	size_t line; /* octets of the body's one line */
	uint64_t folds;
};

static void
test_folds(void **state)
{
	static const struct fold_row rows[] = { { 0, 0 }, { 1, 0 }, { 998, 0 },
		{ 999, 1 }, { 1995, 1 }, { 1996, 2 }, { 2992, 2 }, { 2993, 3 },
		{ 50000, 50 } };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *line = g_strnfill(rows[i].line, 'x');
		g_autofree char *mail =
		    g_strconcat("A: b\r\n\r\n", line, "\r\nend\r\n", NULL);
		struct submission *submission =
		    sample_submission(mail, strlen(mail));
		struct segments *segments = segments_new(submission->spool);
		g_autoptr(GString) all = NULL;
		g_auto(GStrv) lines = NULL;
		g_autofree char *joined = NULL;

		assert_int_equal(submission->seen.folds, rows[i].folds);
		segments_add_body(segments, &submission->seen, SEGMENT_FOLDED);
		all = read_all(segments, 4096);
		assert_non_null(all);
		assert_int_equal(all->len, segments_size(segments));
		lines = g_strsplit(all->str, "\r\n", -1);
		assert_int_equal(g_strv_length(lines), rows[i].folds + 3);
		for (char **at = lines; *at != NULL; at++)
			assert_true(strlen(*at) <= 998);
		joined = g_strjoinv("\r\n", lines);
		assert_string_equal(joined, all->str);
		segments_unref(segments);
		submission_free(submission);
	}
}

/* What the body must become, written another way than the code is. */
static GString *
expect_body(const char *body, size_t length, enum segment_form form)
{
	g_autoptr(GString) folded = g_string_new(NULL);
	GString *escaped;
	size_t column = 0;

	for (size_t i = 0; i < length; i++) {
		if (body[i] == '\r' && i + 1 < length && body[i + 1] == '\n') {
			g_string_append(folded, "\r\n");
			column = 0;
			i++;
			continue;
		}
		if (form != SEGMENT_PLAIN && column == 998) {
			g_string_append(folded, "\r\n ");
			column = 1;
		}
		g_string_append_c(folded, body[i]);
		column++;
	}
	if (length > 0 && body[length - 1] != '\n')
		g_string_append(folded, "\r\n");
	if (form != SEGMENT_JSON)
		return g_string_new_len(folded->str, (gssize)folded->len);
	escaped = g_string_new(NULL);
	for (size_t i = 0; i < folded->len; i++) {
		unsigned char c = (unsigned char)folded->str[i];
		const char *two = strchr("\"\"\\\\\rr\nn\tt\bb\ff", c);

		if (c != '\0' && two != NULL && strchr("\"\\\r\n\t\b\f", c))
			g_string_append_printf(escaped, "\\%c",
			    c == '"' || c == '\\' ? c : two[1]);
		else if (c < 0x20 || c == 0x7f)
			g_string_append_printf(escaped, "\\u%04x", c);
		else
			g_string_append_c(escaped, (char)c);
	}
	return escaped;
}

static void
add_random_line(GString *body, GRand *random)
{
	static const char letters[] = "abc \"\\\t\b\f\x01\x1f\x7f\xc3\xa9-";
	int length = g_rand_int_range(random, 0, 6) == 0
			 ? g_rand_int_range(random, 900, 9000)
			 : g_rand_int_range(random, 0, 120);

	for (int i = 0; i < length; i++)
		g_string_append_c(body,
		    letters[g_rand_int_range(random, 0, sizeof letters - 1)]);
}

/* Property: for any body the limiter's count, the promised length and what the
 * reader gives are one, and the bytes are the reference's. */
static void
test_random_bodies(void **state)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(11);

	(void)state;
	for (int i = 0; i < 150; i++) {
		g_autoptr(GString) mail = g_string_new("A: b\r\n\r\n");
		int lines = g_rand_int_range(random, 0, 30);
		struct submission *submission;

		for (int k = 0; k < lines; k++) {
			if (k > 0)
				g_string_append(mail, "\r\n");
			add_random_line(mail, random);
		}
		if (g_rand_int_range(random, 0, 2) == 0)
			g_string_append(mail, "\r\n");
		submission = sample_submission(mail->str, mail->len);
		for (int form = 0; form <= SEGMENT_JSON; form++) {
			struct segments *segments =
			    segments_new(submission->spool);
			g_autoptr(GString) expected = NULL;

			if (form == SEGMENT_BASE64) {
				segments_unref(segments);
				continue;
			}
			expected = expect_body(mail->str + 8, mail->len - 8,
			    (enum segment_form)form);
			segments_add_text(segments, "<");
			g_string_prepend(expected, "<");
			segments_add_body(segments, &submission->seen,
			    (enum segment_form)form);
			check_all(segments, expected->str, expected->len);
			segments_unref(segments);
		}
		submission_free(submission);
	}
}

static uint64_t
measure_part(const char *bytes, const struct part *part)
{
	g_autofree unsigned char *out = g_malloc(part->length + DECODE_SLACK);
	struct decode decode;
	size_t given;

	decode_start(&decode, part->encoding);
	given = decode_bytes(&decode,
	    (const unsigned char *)bytes + part->offset, part->length, out);
	return given + decode_end(&decode, out + given);
}

/* Content encoded by another hand, somewhere in a spool. */
static GString *
make_part_mail(GRand *random, const GByteArray *content, struct part *part)
{
	GString *mail = g_string_new("A: b\r\n\r\n");

	part->offset = mail->len;
	if (part->encoding == PART_BASE64) {
		g_autofree char *code =
		    g_base64_encode(content->data, content->len);

		for (size_t i = 0; i < strlen(code); i += 76) {
			g_string_append_len(
			    mail, code + i, (gssize)MIN(76, strlen(code) - i));
			g_string_append(mail, "\r\n");
		}
	} else if (part->encoding == PART_QUOTED_PRINTABLE) {
		for (guint i = 0; i < content->len; i++)
			g_string_append_printf(mail, "=%02X%s",
			    content->data[i],
			    g_rand_int_range(random, 0, 9) == 0 ? "=\r\n" : "");
	} else {
		g_string_append_len(mail, (char *)content->data, content->len);
	}
	part->length = mail->len - part->offset;
	g_string_append(mail, "behind\r\n");
	return mail;
}

/* Property: random parts come back as they were, plain and in base64. */
static void
test_random_parts(void **state)
{
	static const enum part_encoding encodings[] = { PART_IDENTITY,
		PART_BASE64, PART_QUOTED_PRINTABLE };
	g_autoptr(GRand) random = g_rand_new_with_seed(5);

	(void)state;
	for (size_t i = 0; i < 120; i++) {
		struct part part = { .encoding = encodings[i % 3] };
		g_autoptr(GByteArray) content = g_byte_array_new();
		guint length =
		    (guint)g_rand_int_range(random, 0, i < 60 ? 50 : 60000);
		g_autoptr(GString) mail = NULL;
		g_autofree char *base64 = NULL;
		struct submission *submission;
		struct segments *segments;

		g_byte_array_set_size(content, length);
		for (guint k = 0; k < length; k++)
			content->data[k] =
			    (guint8)(1 + g_rand_int_range(random, 0, 255));
		mail = make_part_mail(random, content, &part);
		submission = sample_submission(mail->str, mail->len);
		part.decoded_size = measure_part(mail->str, &part);
		assert_int_equal(part.decoded_size, length);
		segments = segments_new(submission->spool);
		segments_add_part(segments, &part, SEGMENT_PLAIN);
		check_all(segments, (char *)content->data, length);
		segments_unref(segments);
		segments = segments_new(submission->spool);
		segments_add_part(segments, &part, SEGMENT_BASE64);
		base64 = g_base64_encode(content->data, length);
		check_all(segments, base64, strlen(base64));
		segments_unref(segments);
		submission_free(submission);
	}
}

/* A promise that the spool does not keep breaks the request off before its
 * last byte has been given. */
static void
test_wrong_length(void **state)
{
	static const char mail[] = "A: b\r\n\r\naGVsbG8=\r\n";
	static const struct part parts[] = {
		{ .encoding = PART_BASE64,
		    .offset = 8,
		    .length = 10,
		    .decoded_size = 2 },
		{ .encoding = PART_BASE64,
		    .offset = 8,
		    .length = 10,
		    .decoded_size = 8 },
		{ .encoding = PART_IDENTITY,
		    .offset = 8,
		    .length = 10,
		    .decoded_size = 9 },
		{ .encoding = PART_IDENTITY,
		    .offset = 8,
		    .length = 10,
		    .decoded_size = 13 },
		{ .encoding = PART_IDENTITY,
		    .offset = 8,
		    .length = 90,
		    .decoded_size = 90 },
		{ .encoding = PART_BASE64,
		    .offset = 8,
		    .length = 90,
		    .decoded_size = 60 },
	};
	struct submission *submission =
	    sample_submission(mail, sizeof mail - 1);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(parts) * 2; i++) {
		struct segments *segments = segments_new(submission->spool);
		struct segment_reader *reader;
		char piece[3];
		ssize_t got;

		segments_add_text(segments, "[");
		segments_add_part(segments, &parts[i / 2],
		    i % 2 == 0 ? SEGMENT_PLAIN : SEGMENT_BASE64);
		reader = segment_reader_new(segments);
		do
			got = segment_reader_read(reader, piece, sizeof piece);
		while (got > 0);
		assert_int_equal(got, -1);
		assert_int_equal(errno, EIO);
		assert_true(
		    segment_reader_given(reader) < segments_size(segments));
		segment_reader_free(reader);
		segments_unref(segments);
	}
	submission_free(submission);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_json_text),
		cmocka_unit_test(test_folds),
		cmocka_unit_test(test_random_bodies),
		cmocka_unit_test(test_random_parts),
		cmocka_unit_test(test_wrong_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
