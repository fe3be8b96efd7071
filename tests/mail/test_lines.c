/* SPDX-License-Identifier: MIT */
#include "lines.h"
#include "mail/sample.h"

/* The mail's lines from offset on, put together from their pieces and each
 * ended by '|' where its LF was. */
static GString *
join(const struct spool *spool, uint64_t offset, uint64_t end)
{
	GString *all = g_string_new(NULL);
	struct lines lines;
	struct line line;
	uint64_t at = offset;
	bool open = false;

	lines_start(&lines, spool, offset, end);
	while (lines_next(&lines, &line)) {
		assert_int_equal(line.offset, at);
		assert_int_equal(line.starts, !open);
		assert_true(line.length > 0);
		if (!line.ends && line.length < LINES_WHOLE - 1)
			assert_int_equal(at + line.length, end);
		if (!line.ends && at + line.length < end)
			assert_int_not_equal(line.bytes[line.length - 1], '\r');
		g_string_append_len(
		    all, (const char *)line.bytes, (gssize)line.length);
		if (line.ends)
			all->str[all->len - 1] = '|';
		open = !line.ends;
		at += line.length;
	}
	assert_false(lines.failed);
	assert_int_equal(at, end);
	return all;
}

static void
check_lines(const char *bytes, size_t length)
{
	struct submission *submission = sample_submission(bytes, length);
	g_autoptr(GString) expected = g_string_new_len(bytes, (gssize)length);

	for (size_t i = 0; i < expected->len; i++)
		if (expected->str[i] == '\n')
			expected->str[i] = '|';
	for (uint64_t from = 0; from <= length; from += MAX(length / 7, 1)) {
		g_autoptr(GString) all = join(submission->spool, from, length);

		assert_string_equal(all->str, expected->str + from);
	}
	submission_free(submission);
}

static void
test_lines(void **state)
{
	static const char *const rows[] = { "a\r\nb\n\nc", "\n", "x", "\r\n",
		"\r", "a\rb\r\n" };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		check_lines(rows[i], strlen(rows[i]));
}

/* Lines of each length around the buffer's and the piece's ends. */
static void
test_long(void **state)
{
	static const size_t lengths[] = { 1, 76, 997, 1022, 1023, 1024, 1025,
		16383, 16384, 16385, 40000 };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
		g_autofree char *x = g_strnfill(lengths[i], 'x');
		g_autoptr(GString) mail = g_string_new("");

		while (mail->len < 150000)
			g_string_append_printf(mail, "%s\r\n%s\n", x, x);
		check_lines(mail->str, mail->len);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_long),
	};

	parse_start();
	return cmocka_run_group_tests_name("lines", tests, NULL, NULL);
}
