/* SPDX-License-Identifier: MIT */
#include "charset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void
test_text(void **state)
{
	static const struct {
		const char *bytes, *charset, *text;
		bool damaged;
	} cases[] = {
		{ "plain", NULL, "plain", false },
		{ "caf\xc3\xa9", "utf-8", "caf\xc3\xa9", false },
		{ "caf\xc3\xa9", "x-unknown", "caf\xc3\xa9", false },
		{ "caf\xc3\xa9", "iso-8859-1", "caf\xc3\xa9", false },
		{ "caf\xe9", "iso-8859-1", "caf\xc3\xa9", false },
		{ "\x93q\x94", "ISO-8859-1", "\xe2\x80\x9cq\xe2\x80\x9d",
		    false },
		{ "caf\xe9", "us-ascii", "caf\xc3\xa9", false },
		{ "caf\xe9", NULL, "caf\xc3\xa9", true },
		{ "caf\xe9", "klingon", "caf\xc3\xa9", true },
		{ "caf\xe9", "../../etc", "caf\xc3\xa9", true },
		{ "caf\xe9", "UTF-8//TRANSLIT", "caf\xc3\xa9", true },
		{ "caf\xe9!", "utf-8", "caf\xef\xbf\xbd!", true },
		{ "\xc4\xe3\xba\xc3", "gb2312", "\xe4\xbd\xa0\xe5\xa5\xbd",
		    false },
		{ "\xb1\xe8", "ks_c_5601-1987", "\xea\xb9\x80", false },
		{ "\x1b$B$\"\x1b(B", "iso-2022-jp", "\xe3\x81\x82", false },
		{ "Hi +AOk-", "utf-7", "Hi \xc3\xa9", false },
		{ "\xe0\xe1", "iso-8859-8-i", "\xd7\x90\xd7\x91", false },
		{ "a\r\nb\rc\nd", NULL, "a\nb\nc\nd", false },
		{ "a\tb\n", NULL, "a\tb\n", false },
		{ "a\r\n\r\n\tb c\r\n", "utf-8", "a\n\n\tb c\n", false },
		{ "a\r\nb\r", NULL, "a\nb\n", false },
		{ "\r\n", NULL, "\n", false },
		{ "a\x01"
		  "b\x7f",
		    NULL, "ab", true },
		{ "a\xc2\x9b"
		  "b",
		    NULL, "ab", true },
		{ "\xef\xbb\xbfhello", "utf-8", "hello", false },
		{ "", "utf-8", "", false },
		{ "\x81", "windows-1252", "\xef\xbf\xbd", true },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		bool damaged = false;
		g_autoptr(GBytes) text = charset_text(cases[i].bytes,
		    strlen(cases[i].bytes), cases[i].charset, &damaged);
		gsize size;
		const char *got = g_bytes_get_data(text, &size);

		assert_int_equal(size, strlen(cases[i].text));
		assert_memory_equal(size == 0 ? "" : got, cases[i].text, size);
		assert_int_equal(damaged, cases[i].damaged);
	}
}

static void
test_text_wide(void **state)
{
	bool damaged = false;
	g_autoptr(GBytes) text =
	    charset_text("h\0i\0", 4, "utf-16le", &damaged);
	g_autoptr(GBytes) odd = NULL;

	(void)state;
	assert_int_equal(g_bytes_get_size(text), 2);
	assert_memory_equal(g_bytes_get_data(text, NULL), "hi", 2);
	assert_false(damaged);
	odd = charset_text("h\0i", 3, "utf-16le", &damaged);
	assert_true(damaged);
	assert_memory_equal(g_bytes_get_data(odd, NULL), "h\xef\xbf\xbd", 4);
}

/* What one odd byte in a line comes to, wherever it stands. */
static void
test_places(void **state)
{
	char line[20];

	(void)state;
	for (unsigned n = 0; n < 256 * sizeof line; n++) {
		size_t at = n / 256;
		unsigned char byte = n % 256;
		bool kept =
		    byte == '\t' || byte == '\n' || g_ascii_isprint(byte);
		bool damaged = false;

		memset(line, 'a', sizeof line);
		line[at] = (char)byte;
		g_autoptr(GBytes) text =
		    charset_text(line, sizeof line, NULL, &damaged);
		const char *bytes = g_bytes_get_data(text, NULL);
		size_t length = g_bytes_get_size(text);
		assert_true(g_utf8_validate_len(bytes, length, NULL));
		assert_int_equal(damaged, !kept && byte != '\r');
		assert_memory_equal(bytes, line, at);
		if (kept)
			assert_int_equal(bytes[at], (char)byte);
		if (byte < 0x80)
			assert_int_equal(length,
			    sizeof line - (kept || byte == '\r' ? 0 : 1));
	}
}

static void
test_words(void **state)
{
	static const struct {
		const char *value, *text;
	} cases[] = {
		{ "plain", "plain" },
		{ "=?utf-8?Q?caf=C3=A9_au_lait?=", "caf\xc3\xa9 au lait" },
		{ "=?utf-8*fr?q?caf=c3=a9?= =?UTF-8?B?IQ==?=", "caf\xc3\xa9!" },
		{ "=?utf-8?B?ww?= =?utf-8?B?qQ?=", "\xc3\xa9" },
		{ "=?utf-8?Q?=C3?= \t =?utf-8?Q?=A9?= x", "\xc3\xa9 x" },
		{ "=?iso-8859-1?Q?=E9?= =?utf-8?Q?=C3=A9?=",
		    "\xc3\xa9\xc3\xa9" },
		{ "a =?utf-8?Q?b?= c", "a b c" },
		{ "=?utf-8?X?b?=", "=?utf-8?X?b?=" },
		{ "=?utf-8?Q?b", "=?utf-8?Q?b" },
		{ "=?utf-8?Q", "=?utf-8?Q" },
		{ "=?", "=?" },
		{ "=?=?=?utf-8?Q?b?=", "=?=?b" },
		{ "=?klingon?Q?caf=E9?=", "caf\xc3\xa9" },
		{ "=??Q?caf=E9?=", "caf\xc3\xa9" },
		{ "=?utf-8?Q?a=0D=0ABcc:_evil@x?=", "a Bcc: evil@x" },
		{ "=?utf-8?Q?a=00b=1B?=", "ab" },
		{ "=?utf-8?Q?a=4?=", "a=4" },
		{ "=?utf-8?Q?"
		  "?=",
		    "" },
		{ "caf\xc3\xa9", "caf\xc3\xa9" },
		{ "caf\xe9", "caf\xc3\xa9" },
		{ "a\tb", "a b" },
		{ "=?iso-2022-jp?B?GyRCJCIbKEI=?=", "\xe3\x81\x82" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = charset_words(cases[i].value);

		assert_string_equal(text, cases[i].text);
	}
}

static void
test_words_of_long_charset(void **state)
{
	g_autofree char *name = g_strnfill(41, 'x');
	g_autofree char *value = g_strdup_printf("=?%s?Q?a?=", name);
	g_autofree char *text = charset_words(value);
	g_autofree char *many = NULL, *none = NULL;
	g_autoptr(GString) words = g_string_new(NULL);

	(void)state;
	assert_string_equal(text, value);
	for (int i = 0; i < 4000; i++)
		g_string_append_printf(words, "=?x%d?q?=E9?=", i % 7);
	many = charset_words(words->str);
	assert_int_equal(strlen(many), 8000);
	memset(words->str, '?', words->len);
	for (gsize i = 0; i < words->len; i += 2)
		words->str[i] = '=';
	none = charset_words(words->str);
	assert_string_equal(none, words->str);
}

static void
test_line(void **state)
{
	g_autofree char *line = charset_line("a\r\nb\x01\xff");

	(void)state;
	assert_string_equal(line, "a b\xef\xbf\xbd");
}

/* Whatever comes in, clean UTF-8 comes out. */
static void
test_random(void **state)
{
	static const char *const charsets[] = { NULL, "utf-8", "gb2312",
		"iso-2022-jp", "utf-7", "utf-16", "shift_jis", "big5",
		"nonsense", "windows-1252" };
	g_autoptr(GRand) random = g_rand_new_with_seed(7);
	char bytes[300];

	(void)state;
	for (int i = 0; i < 3000; i++) {
		size_t length = (size_t)g_rand_int_range(random, 0, 299);
		bool damaged = false;
		g_autoptr(GBytes) text = NULL;
		g_autofree char *words = NULL;
		const char *got;
		gsize size;

		for (size_t k = 0; k < length; k++)
			bytes[k] = (char)(g_rand_int(random) & 0xff);
		bytes[length] = '\0';
		text = charset_text(bytes, length,
		    charsets[(size_t)i % G_N_ELEMENTS(charsets)], &damaged);
		got = g_bytes_get_data(text, &size);
		assert_true(size == 0 || g_utf8_validate_len(got, size, NULL));
		for (gsize k = 0; k < size; k++)
			assert_true((unsigned char)got[k] >= ' ' ||
				    got[k] == '\t' || got[k] == '\n');
		words = charset_words(bytes);
		assert_true(g_utf8_validate(words, -1, NULL));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_text_wide),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_words_of_long_charset),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
