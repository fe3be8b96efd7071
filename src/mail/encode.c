/* SPDX-License-Identifier: MIT */
#include "encode.h"

#include "fold.h"

#include <glib.h>
#include <string.h>

/* RFC 2045 6.7 and 6.8: lines of 76 octets; of quoted-printable the last is
 * left for the = of a soft break. */
#define QUOTED_COLUMNS 75
#define BASE64_COLUMNS 76

void
encode_start(struct encode *encode, enum encode_form form)
{
	memset(encode, 0, sizeof *encode);
	encode->form = form;
}

static bool
is_blank(unsigned char c)
{
	return c == ' ' || c == '\t';
}

static unsigned char *
make_room(struct encode *encode, unsigned width, unsigned char *out)
{
	if (encode->column + width > QUOTED_COLUMNS) {
		memcpy(out, "=\r\n", 3);
		out += 3;
		encode->column = 0;
	}
	encode->column += width;
	return out;
}

static unsigned char *
put_escaped(struct encode *encode, unsigned char c, unsigned char *out)
{
	static const char hex[] = "0123456789ABCDEF";

	out = make_room(encode, 3, out);
	*out++ = '=';
	*out++ = (unsigned char)hex[c >> 4];
	*out++ = (unsigned char)hex[c & 0xf];
	return out;
}

/* Where a soft break makes a line of its own nothing may begin that means
 * something at the start of one: a boundary, or mbox's From. */
static unsigned char *
put_literal(struct encode *encode, unsigned char c, unsigned char *out)
{
	bool breaks = encode->column + 1 > QUOTED_COLUMNS;

	if ((c != '\t' && c < ' ') || c > '~' || c == '=' ||
	    (breaks && (c == '-' || c == 'F')))
		return put_escaped(encode, c, out);
	out = make_room(encode, 1, out);
	*out++ = c;
	return out;
}

static unsigned char *
end_line(struct encode *encode, unsigned char *out)
{
	if (encode->held_length == 2)
		out = put_escaped(encode, encode->held[0], out);
	encode->held_length = 0;
	encode->column = 0;
	*out++ = '\r';
	*out++ = '\n';
	return out;
}

/* What was held is followed by something that ends no line. */
static unsigned char *
release(struct encode *encode, unsigned char *out)
{
	for (unsigned i = 0; i < encode->held_length; i++)
		out = put_literal(encode, encode->held[i], out);
	encode->held_length = 0;
	return out;
}

static size_t
encode_quoted(struct encode *encode, const unsigned char *in, size_t length,
    unsigned char *out)
{
	unsigned char *to = out;

	for (size_t i = 0; i < length; i++) {
		unsigned held = encode->held_length;
		bool cr = held > 0 && encode->held[held - 1] == '\r';

		if (in[i] == '\n' && cr) {
			to = end_line(encode, to);
			continue;
		}
		if (in[i] != '\r' || cr)
			to = release(encode, to);
		if (in[i] == '\r' || is_blank(in[i]))
			encode->held[encode->held_length++] = in[i];
		else
			to = put_literal(encode, in[i], to);
	}
	return (size_t)(to - out);
}

/* RFC 2045 6.7 rule 3: no blank stands at the end. */
static size_t
end_quoted(struct encode *encode, unsigned char *out)
{
	if (encode->held_length == 1)
		return (
		    size_t)(put_escaped(encode, encode->held[0], out) - out);
	return (size_t)(release(encode, out) - out);
}

/* Breaks what was encoded without a break. */
static size_t
break_lines(struct encode *encode, unsigned char *out, size_t length)
{
	size_t breaks = (encode->column + length) / BASE64_COLUMNS;
	unsigned char *from = out + length;
	unsigned char *to = from + 2 * breaks;
	uint32_t column =
	    (uint32_t)((encode->column + length) % BASE64_COLUMNS);

	encode->column = column;
	while (to > from) {
		to -= column;
		from -= column;
		memmove(to, from, column);
		*--to = '\n';
		*--to = '\r';
		column = (uint32_t)MIN(BASE64_COLUMNS, from - out);
	}
	return length + 2 * breaks;
}

static size_t
encode_base64(struct encode *encode, const unsigned char *in, size_t length,
    unsigned char *out)
{
	size_t given = g_base64_encode_step(in, length, FALSE, (char *)out,
	    &encode->base64_state, &encode->base64_save);

	return encode->form == ENCODE_LINES ? break_lines(encode, out, given)
					    : given;
}

static size_t
end_base64(struct encode *encode, unsigned char *out)
{
	size_t given = g_base64_encode_close(
	    FALSE, (char *)out, &encode->base64_state, &encode->base64_save);

	if (encode->form == ENCODE_BASE64)
		return given;
	given = break_lines(encode, out, given);
	if (encode->column == 0)
		return given;
	memcpy(out + given, "\r\n", 2);
	return given + 2;
}

size_t
encode_bytes(struct encode *encode, const unsigned char *in, size_t length,
    unsigned char *out)
{
	switch (encode->form) {
	case ENCODE_FOLDED:
		return fold_bytes(&encode->column, in, length, out);
	case ENCODE_QUOTED:
		return encode_quoted(encode, in, length, out);
	case ENCODE_LINES:
	case ENCODE_BASE64:
		return encode_base64(encode, in, length, out);
	case ENCODE_PLAIN:
		break;
	}
	memcpy(out, in, length);
	return length;
}

size_t
encode_end(struct encode *encode, unsigned char *out)
{
	switch (encode->form) {
	case ENCODE_QUOTED:
		return end_quoted(encode, out);
	case ENCODE_LINES:
	case ENCODE_BASE64:
		return end_base64(encode, out);
	case ENCODE_PLAIN:
	case ENCODE_FOLDED:
		break;
	}
	return 0;
}
