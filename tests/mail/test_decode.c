/* SPDX-License-Identifier: MIT */
#include "decode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct sample {
	enum part_encoding encoding;
	const char *in, *out;
	bool damaged;
};

static const struct sample samples[] = {
	{ PART_IDENTITY, "a=3D\r\n", "a=3D\r\n", false },
	{ PART_BASE64, "aGVsbG8=", "hello", false },
	{ PART_BASE64, "aGVs\r\nbG8=\r\n", "hello", false },
	{ PART_BASE64, "aGVsbG8", "hello", false },
	{ PART_BASE64, "aA==aQ==", "hi", true },
	{ PART_BASE64, "aGk=\r\naGVsbG8=\r\n", "hihello", true },
	{ PART_BASE64, "aA=\r\n", "h", false },
	{ PART_BASE64, "a*G#k=", "hi", true },
	{ PART_BASE64, "aGVsb", "hel", true },
	{ PART_BASE64, "a===", "", true },
	{ PART_BASE64, "", "", false },
	{ PART_QUOTED_PRINTABLE, "caf=C3=A9", "caf\xc3\xa9", false },
	{ PART_QUOTED_PRINTABLE, "caf=c3=a9", "caf\xc3\xa9", false },
	{ PART_QUOTED_PRINTABLE, "a=\r\nb\r\nc", "ab\r\nc", false },
	{ PART_QUOTED_PRINTABLE, "a= \t\r\nb", "ab", false },
	{ PART_QUOTED_PRINTABLE, "a  \t\r\nb", "a\r\nb", false },
	{ PART_QUOTED_PRINTABLE, "a =20\r\n", "a  \r\n", false },
	{ PART_QUOTED_PRINTABLE, "a b c", "a b c", false },
	{ PART_QUOTED_PRINTABLE, "a=", "a", false },
	{ PART_QUOTED_PRINTABLE, "a= ", "a", false },
	{ PART_QUOTED_PRINTABLE, "a ", "a", false },
	{ PART_QUOTED_PRINTABLE, "1=1", "1=1", true },
	{ PART_QUOTED_PRINTABLE, "a=zb", "a=zb", true },
	{ PART_QUOTED_PRINTABLE, "a=Az", "a=Az", true },
	{ PART_QUOTED_PRINTABLE, "a=A\r\nb", "a=A\r\nb", true },
	{ PART_QUOTED_PRINTABLE, "a= b", "a= b", true },
	{ PART_QUOTED_PRINTABLE, "a==41", "a=A", true },
	{ PART_QUOTED_PRINTABLE, "=3D=3D", "==", false },
	{ PART_QUOTED_PRINTABLE, "a\nb=\nc", "a\nbc", false },
	{ PART_UUENCODE, "begin 644 x\r\n%:&5L;&\\\r\n`\r\nend\r\n", "hello",
	    false },
	{ PART_UUENCODE, "junk\r\nbegin 644 x\n%:&5L;&\\\n \nend\n", "hello",
	    false },
	{ PART_UUENCODE, "beginning\nbegin 1 x\n\"0V%T\n`\nend\n", "Ca",
	    false },
	{ PART_UUENCODE, "begin 644 x\r\n%:&5L;&\\\r\n", "hello", true },
	{ PART_UUENCODE, "begin 644 x\r\n%:&\r\n`\r\n", "h", true },
	{ PART_UUENCODE, "nothing", "", true },
};

/* Decodes in pieces of `step` bytes. */
static GByteArray *
decode_all(struct decode *decode, const struct sample *sample, size_t step)
{
	GByteArray *out = g_byte_array_new();
	size_t length = strlen(sample->in);
	unsigned char piece[4096 + DECODE_SLACK];
	size_t given;

	decode_start(decode, sample->encoding);
	for (size_t i = 0; i < length; i += step) {
		size_t take = MIN(step, length - i);

		given = decode_bytes(
		    decode, (const unsigned char *)sample->in + i, take, piece);
		assert_true(given <= take + DECODE_SLACK);
		g_byte_array_append(out, piece, (guint)given);
	}
	given = decode_end(decode, piece);
	assert_true(given <= DECODE_SLACK);
	g_byte_array_append(out, piece, (guint)given);
	return out;
}

static void
check_sample(const struct sample *sample, size_t step)
{
	struct decode decode;
	g_autoptr(GByteArray) out = decode_all(&decode, sample, step);

	g_byte_array_append(out, (const guint8 *)"", 1);
	if (strcmp((char *)out->data, sample->out) != 0)
		print_error("of %s in steps of %zu\n", sample->in, step);
	assert_string_equal((char *)out->data, sample->out);
	assert_int_equal(decode.damaged, sample->damaged);
}

static void
test_samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(samples); i++)
		for (size_t step = 1; step < 40; step++)
			check_sample(&samples[i], step);
}

/* More blanks than can be held back: none gets lost within a line. */
static void
test_many_blanks(void **state)
{
	g_autofree char *blanks = g_strnfill(1000, ' ');
	g_autofree char *line = g_strconcat("a", blanks, "b", NULL);
	g_autofree char *escape = g_strconcat("a=", blanks, "b", NULL);
	struct sample sample = { PART_QUOTED_PRINTABLE, line, line, false };

	(void)state;
	check_sample(&sample, 7);
	check_sample(&sample, 4096);
	sample.in = sample.out = escape;
	for (size_t step = 1; step < 300; step += 11) {
		struct decode decode;
		g_autoptr(GByteArray) out = decode_all(&decode, &sample, step);

		assert_int_equal(out->len, strlen(escape));
	}
}

/* Any bytes, in any pieces, give the same and stay within the room. */
static void
test_random(void **state)
{
	static const char letters[] = "aZ09+/==\r\n \t=4Ab`begin M!*";
	g_autoptr(GRand) random = g_rand_new_with_seed(3);
	char in[400];

	(void)state;
	for (int i = 0; i < 4000; i++) {
		struct sample sample = { (enum part_encoding)(i % 4), in, "",
			false };
		size_t length = (size_t)g_rand_int_range(random, 0, 399);
		size_t step = (size_t)g_rand_int_range(random, 1, 400);
		struct decode decode;
		g_autoptr(GByteArray) whole = NULL, pieces = NULL;

		for (size_t k = 0; k < length; k++)
			in[k] = letters[g_rand_int_range(
			    random, 0, sizeof letters - 1)];
		in[length] = '\0';
		whole = decode_all(&decode, &sample, 4096);
		pieces = decode_all(&decode, &sample, step);
		assert_int_equal(whole->len, pieces->len);
		if (whole->len > 0)
			assert_memory_equal(
			    whole->data, pieces->data, whole->len);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_many_blanks),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
