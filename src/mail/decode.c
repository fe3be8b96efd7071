/* SPDX-License-Identifier: MIT */
#include "decode.h"

#include <string.h>

#define NO_DIGIT 0xff

/* Where in a uuencoded file the decoder is. */
enum place {
	PLACE_LINE_START, /* before "begin ": looking for it */
	PLACE_SKIP,       /* within a line that is not it */
	PLACE_BEGIN,      /* within the line of "begin " */
	PLACE_LENGTH,     /* at the first character of a line of data */
	PLACE_DIGITS,     /* within that line */
	PLACE_REST,       /* behind what the line said it has */
	PLACE_END,        /* all after the line of length 0 */
};

static const unsigned char base64_digits[256] = { ['A'] = 1,
	['B'] = 2,
	['C'] = 3,
	['D'] = 4,
	['E'] = 5,
	['F'] = 6,
	['G'] = 7,
	['H'] = 8,
	['I'] = 9,
	['J'] = 10,
	['K'] = 11,
	['L'] = 12,
	['M'] = 13,
	['N'] = 14,
	['O'] = 15,
	['P'] = 16,
	['Q'] = 17,
	['R'] = 18,
	['S'] = 19,
	['T'] = 20,
	['U'] = 21,
	['V'] = 22,
	['W'] = 23,
	['X'] = 24,
	['Y'] = 25,
	['Z'] = 26,
	['a'] = 27,
	['b'] = 28,
	['c'] = 29,
	['d'] = 30,
	['e'] = 31,
	['f'] = 32,
	['g'] = 33,
	['h'] = 34,
	['i'] = 35,
	['j'] = 36,
	['k'] = 37,
	['l'] = 38,
	['m'] = 39,
	['n'] = 40,
	['o'] = 41,
	['p'] = 42,
	['q'] = 43,
	['r'] = 44,
	['s'] = 45,
	['t'] = 46,
	['u'] = 47,
	['v'] = 48,
	['w'] = 49,
	['x'] = 50,
	['y'] = 51,
	['z'] = 52,
	['0'] = 53,
	['1'] = 54,
	['2'] = 55,
	['3'] = 56,
	['4'] = 57,
	['5'] = 58,
	['6'] = 59,
	['7'] = 60,
	['8'] = 61,
	['9'] = 62,
	['+'] = 63,
	['/'] = 64 }; /* one more than the digit; 0: none */

void
decode_start(struct decode *decode, enum part_encoding encoding)
{
	memset(decode, 0, sizeof *decode);
	decode->encoding = encoding;
}

static bool
is_blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Padding or the end cut a group short: two digits are one byte, three are
 * two.  What follows is a new group (some write several encodings behind one
 * another). */
static size_t
end_group(struct decode *decode, unsigned char *out)
{
	unsigned count = decode->count;
	uint32_t bits = decode->bits;

	decode->count = 0;
	decode->bits = 0;
	if (count == 1)
		decode->damaged = true;
	if (count < 2)
		return 0;
	bits <<= 6 * (4 - count);
	out[0] = (unsigned char)(bits >> 16);
	if (count == 3)
		out[1] = (unsigned char)(bits >> 8);
	return count - 1;
}

static size_t
add_digit(struct decode *decode, unsigned digit, unsigned char *out)
{
	decode->bits = decode->bits << 6 | digit;
	if (++decode->count < 4)
		return 0;
	out[0] = (unsigned char)(decode->bits >> 16);
	out[1] = (unsigned char)(decode->bits >> 8);
	out[2] = (unsigned char)decode->bits;
	decode->count = 0;
	decode->bits = 0;
	return 3;
}

/* Whole groups of four digits: nearly all there is, five times as fast. */
static size_t
decode_groups(const unsigned char *in, size_t length, unsigned char *out)
{
	size_t groups = 0;

	for (; length >= 4; length -= 4, in += 4, groups++) {
		unsigned a = base64_digits[in[0]], b = base64_digits[in[1]];
		unsigned c = base64_digits[in[2]], d = base64_digits[in[3]];
		uint32_t bits;

		if (a == 0 || b == 0 || c == 0 || d == 0)
			break;
		bits = (a - 1) << 18 | (b - 1) << 12 | (c - 1) << 6 | (d - 1);
		*out++ = (unsigned char)(bits >> 16);
		*out++ = (unsigned char)(bits >> 8);
		*out++ = (unsigned char)bits;
	}
	return groups;
}

static size_t
decode_base64(struct decode *decode, const unsigned char *in, size_t length,
    unsigned char *out)
{
	size_t given = 0;

	for (size_t i = 0; i < length; i++) {
		unsigned digit;

		if (decode->count == 0 && !decode->padded) {
			size_t groups =
			    decode_groups(in + i, length - i, out + given);

			given += 3 * groups;
			i += 4 * groups;
			if (i == length)
				break;
		}
		digit = base64_digits[in[i]];
		if (digit != 0) {
			/* readers do not agree on what follows padding */
			decode->damaged |= decode->padded;
			given += add_digit(decode, digit - 1, out + given);
		} else if (in[i] == '=') {
			decode->padded = true;
			given += end_group(decode, out + given);
		} else if (!is_blank(in[i])) {
			decode->damaged = true;
		}
	}
	return given;
}

static size_t
give_held(struct decode *decode, unsigned char *out)
{
	size_t length = decode->held_length;

	memcpy(out, decode->held, length);
	decode->held_length = 0;
	return length;
}

/* Holds a byte back; when there is no more room this is no blank end of a line
 * that anyone wrote, and what was held is content. */
static size_t
hold(struct decode *decode, unsigned char c, unsigned char *out)
{
	size_t given = 0;

	if (decode->held_length == sizeof decode->held)
		given = give_held(decode, out);
	decode->held[decode->held_length++] = c;
	return given;
}

/* Something is held that begins with '=': "=", "=A", or "=" and blanks (RFC
 * 2045 6.7 rule 3 lets transport pad lines).  False: the escape is broken and
 * stays as it is written, c is not part of it. */
static bool
take_escape(
    struct decode *decode, unsigned char c, unsigned char *out, size_t *given)
{
	unsigned char first = decode->held[decode->held_length - 1];
	int high = g_ascii_xdigit_value((char)first);
	int low = g_ascii_xdigit_value((char)c);

	if (high >= 0 && low >= 0) {
		decode->held_length = 0;
		out[(*given)++] = (unsigned char)(high << 4 | low);
		return true;
	}
	if (high < 0 && c == '\n') {
		decode->held_length = 0;
		return true;
	}
	if (high < 0 && (is_blank(c) || (first == '=' && low >= 0))) {
		*given += hold(decode, c, out + *given);
		return true;
	}
	decode->damaged = true;
	*given += give_held(decode, out + *given);
	return false;
}

/* One byte of quoted-printable when no escape is open. */
static size_t
take_quoted(struct decode *decode, unsigned char c, unsigned char *out)
{
	size_t given;

	if (c == ' ' || c == '\t')
		return hold(decode, c, out);
	if (c == '\r' || c == '\n')
		decode->held_length = 0;
	given = give_held(decode, out);
	if (c == '=')
		return given + hold(decode, c, out + given);
	out[given] = c;
	return given + 1;
}

static size_t
decode_quoted(struct decode *decode, const unsigned char *in, size_t length,
    unsigned char *out)
{
	size_t given = 0;

	for (size_t i = 0; i < length; i++) {
		bool escape = decode->held_length > 0 && decode->held[0] == '=';

		if (!escape || !take_escape(decode, in[i], out, &given))
			given += take_quoted(decode, in[i], out + given);
	}
	return given;
}

/* A line of data gives as many bytes as it said: the last group may be cut. */
static size_t
take_uu_digit(struct decode *decode, unsigned char c, unsigned char *out)
{
	unsigned char group[3];
	size_t given;

	given = add_digit(decode, (unsigned)(c - ' ') & 0x3f, group);
	given = MIN(given, decode->line_left);
	memcpy(out, group, given);
	decode->line_left -= (unsigned)given;
	if (decode->line_left == 0)
		decode->place = PLACE_REST;
	return given;
}

static void
take_uu_length(struct decode *decode, unsigned char c)
{
	decode->line_left = (unsigned)(c - ' ') & 0x3f;
	decode->count = 0;
	decode->bits = 0;
	decode->place = PLACE_DIGITS;
	if (c == '\r')
		decode->place = PLACE_REST;
	else if (c < ' ' || c > '`') {
		decode->damaged = true;
		decode->place = PLACE_REST;
	} else if (decode->line_left == 0)
		decode->place = PLACE_END;
}

static void
look_for_begin(struct decode *decode, unsigned char c)
{
	static const char word[] = "begin ";

	if (c != (unsigned char)word[decode->matched])
		decode->place = PLACE_SKIP;
	else if (++decode->matched == sizeof word - 1)
		decode->place = PLACE_BEGIN;
}

/* The blanks that pad the last group are often lost on the way. */
static size_t
end_uu_line(struct decode *decode, unsigned char *out)
{
	unsigned char group[3];
	size_t given = 0;

	decode->matched = 0;
	if (decode->place == PLACE_DIGITS) {
		given = end_group(decode, group);
		given = MIN(given, decode->line_left);
		memcpy(out, group, given);
		if (given < decode->line_left)
			decode->damaged = true;
	}
	if (decode->place == PLACE_SKIP)
		decode->place = PLACE_LINE_START;
	else if (decode->place != PLACE_LINE_START)
		decode->place = PLACE_LENGTH;
	return given;
}

static size_t
decode_uu(struct decode *decode, const unsigned char *in, size_t length,
    unsigned char *out)
{
	size_t given = 0;

	for (size_t i = 0; i < length && decode->place != PLACE_END; i++) {
		if (in[i] == '\n')
			given += end_uu_line(decode, out + given);
		else if (decode->place == PLACE_LINE_START)
			look_for_begin(decode, in[i]);
		else if (decode->place == PLACE_LENGTH)
			take_uu_length(decode, in[i]);
		else if (decode->place == PLACE_DIGITS && in[i] != '\r')
			given += take_uu_digit(decode, in[i], out + given);
	}
	return given;
}

size_t
decode_bytes(struct decode *decode, const unsigned char *in, size_t length,
    unsigned char *out)
{
	switch (decode->encoding) {
	case PART_BASE64:
		return decode_base64(decode, in, length, out);
	case PART_QUOTED_PRINTABLE:
		return decode_quoted(decode, in, length, out);
	case PART_UUENCODE:
		return decode_uu(decode, in, length, out);
	case PART_IDENTITY:
		break;
	}
	memcpy(out, in, length);
	return length;
}

static size_t
end_quoted(struct decode *decode, unsigned char *out)
{
	if (decode->held_length == 0 || decode->held[0] != '=') {
		decode->held_length = 0;
		return 0;
	}
	if (decode->held_length == 1 ||
	    is_blank(decode->held[decode->held_length - 1])) {
		decode->held_length = 0;
		return 0;
	}
	decode->damaged = true;
	return give_held(decode, out);
}

size_t
decode_end(struct decode *decode, unsigned char *out)
{
	if (decode->encoding == PART_BASE64)
		return end_group(decode, out);
	if (decode->encoding == PART_QUOTED_PRINTABLE)
		return end_quoted(decode, out);
	if (decode->encoding == PART_UUENCODE && decode->place != PLACE_END)
		decode->damaged = true;
	return 0;
}
