/* SPDX-License-Identifier: MIT */
#include "charset.h"

#include "jis.h"
#include "label.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"
#define GUESS       "WINDOWS-1252"
#define SAMPLE      200 /* letters that tell the script */

/* The length of the printable ASCII at the beginning, looked at by eight bytes:
 * most mails are nothing else. */
static size_t
measure_printable(const char *text, const char *end)
{
	static const uint64_t ones = 0x0101010101010101;
	const char *at = text;
	uint64_t eight;

	for (; end - at >= 8; at += 8) {
		memcpy(&eight, at, 8);
		/* a byte below 0x20, above 0x7e */
		if ((((eight - ones * 0x20) | (eight + ones) | eight) &
			ones * 0x80) != 0)
			break;
	}
	while (at < end && *at >= ' ' && *at <= '~')
		at++;
	return (size_t)(at - text);
}

/* g_utf8_validate_len(), faster through lines of ASCII. */
static bool
is_utf8(const char *text, size_t length)
{
	const char *end = text + length;

	while (text < end) {
		text += measure_printable(text, end);
		if (text == end || (*text != '\r' && *text != '\n'))
			break;
		text++;
	}
	return g_utf8_validate_len(text, (size_t)(end - text), NULL);
}

/* What one converter made of the bytes. */
struct converted {
	GString *text;
	size_t step;  /* bytes it is given at once, at most */
	size_t unit;  /* bytes it goes on by where it cannot read them */
	bool damaged; /* U+FFFD stands where a byte is none of the charset */
};

/* What the converter still holds back: the last letter, where a mark could
 * have followed. */
static void
flush(iconv_t converter, GString *text)
{
	char chunk[64], *out = chunk;
	size_t room = sizeof chunk;

	iconv(converter, NULL, NULL, &out, &room);
	g_string_append_len(text, chunk, out - chunk);
}

static void
convert(iconv_t converter, const char *bytes, size_t length,
    struct converted *converted)
{
	char *in = (char *)bytes;
	const char *end = bytes + length;

	while (in < end) {
		char chunk[1024], *out = chunk;
		size_t room = sizeof chunk;
		size_t left = MIN((size_t)(end - in), converted->step);
		size_t result = iconv(converter, &in, &left, &out, &room);
		int fault = result == (size_t)-1 ? errno : 0;

		g_string_append_len(converted->text, chunk, out - chunk);
		if (converted->step == 1)
			flush(converter, converted->text);
		if (fault == 0 || fault == E2BIG)
			continue;
		g_string_append(converted->text, REPLACEMENT);
		converted->damaged = true;
		in += MIN(converted->unit, (size_t)(end - in));
	}
	flush(converter, converted->text);
}

/* How many different bytes there are at even (0) or odd (1) places. */
static unsigned
count_kinds(const char *bytes, size_t length, size_t first)
{
	bool seen[256] = { false };
	unsigned kinds = 0;

	for (size_t i = first; i < length; i += 2) {
		kinds += !seen[(unsigned char)bytes[i]];
		seen[(unsigned char)bytes[i]] = true;
	}
	return kinds;
}

/* What has no byte order mark is big endian (RFC 2781 4.3), but some write as
 * their machine does: of text in one script the high bytes are few. */
static const char *
find_order(const char *charset, const char *bytes, size_t length, bool *damaged)
{
	unsigned even, odd;

	if (strcmp(charset, LABEL_UTF_32) == 0) {
		if (length < 4 || memcmp(bytes, "\xff\xfe\0\0", 4) == 0 ||
		    memcmp(bytes, "\0\0\xfe\xff", 4) == 0)
			return charset;
		return bytes[0] == '\0' ? "UTF-32BE" : "UTF-32LE";
	}
	if (length >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 ||
			       memcmp(bytes, "\xfe\xff", 2) == 0))
		return charset;
	even = count_kinds(bytes, length, 0);
	odd = count_kinds(bytes, length, 1);
	*damaged |= even == odd;
	return odd < even ? "UTF-16LE" : "UTF-16BE";
}

static size_t
find_unit(const char *charset)
{
	if (g_ascii_strncasecmp(charset, "UTF-16", 6) == 0)
		return 2;
	return g_ascii_strncasecmp(charset, "UTF-32", 6) == 0 ? 4 : 1;
}

/* iconv reads over a lone '+' (RFC 2152: an ill-formed sequence). */
static bool
is_utf7_broken(const char *bytes, size_t length)
{
	for (size_t i = 0; i + 1 < length; i++)
		if (bytes[i] == '+' && !g_ascii_isalnum(bytes[i + 1]) &&
		    (bytes[i + 1] == '\0' ||
			strchr("+/-", bytes[i + 1]) == NULL))
			return true;
	return false;
}

/* False: iconv does not know the charset. */
static bool
convert_by(const char *charset, GBytes *bytes, const struct label *label,
    struct converted *converted)
{
	gsize length;
	const char *in = g_bytes_get_data(bytes, &length);
	g_autoptr(GString) carried = NULL;
	iconv_t converter;

	if (strcmp(charset, LABEL_JIS) == 0) {
		carried = jis_to_euc(in, length);
		charset = LABEL_JIS_CARRIER;
		in = carried->str;
		length = carried->len;
	} else if (strcmp(charset, LABEL_UTF_16) == 0 ||
		   strcmp(charset, LABEL_UTF_32) == 0) {
		charset = find_order(charset, in, length, &converted->damaged);
	}
	converter = iconv_open("UTF-8", charset);
	if (converter == (iconv_t)-1)
		return false;
	converted->step = label->steps ? 1 : SIZE_MAX;
	converted->unit = find_unit(charset);
	convert(converter, in, length, converted);
	iconv_close(converter);
	/* an escape that it let pass is one that it does not know */
	if (g_ascii_strncasecmp(charset, "ISO-2022", 8) == 0 &&
	    strpbrk(converted->text->str, "\x0e\x0f\x1b") != NULL)
		converted->damaged = true;
	return true;
}

/* The first of the label's charsets that reads all of it, else what the first
 * of them reads; NULL: iconv knows none. */
static GString *
convert_labelled(
    const char *bytes, size_t length, const struct label *label, bool *damaged)
{
	g_autoptr(GBytes) all = g_bytes_new_static(bytes, length);
	GString *first = NULL;
	bool odd = g_ascii_strncasecmp(label->charsets[0], "UTF-7", 5) == 0 &&
		   is_utf7_broken(bytes, length);

	for (size_t i = 0; i < LABEL_CHARSETS; i++) {
		const char *charset = label->charsets[i];
		struct converted converted = { .damaged = odd };

		if (charset == NULL)
			break;
		converted.text = g_string_sized_new(length + 16);
		if (!convert_by(charset, all, label, &converted) ||
		    (first != NULL && converted.damaged)) {
			g_string_free(converted.text, TRUE);
			continue;
		}
		if (first != NULL)
			g_string_free(first, TRUE);
		first = converted.text;
		if (!converted.damaged)
			return first;
	}
	*damaged |= first != NULL;
	return first;
}

static GString *
convert_guessed(const char *bytes, size_t length, bool *damaged)
{
	static const struct label guess = { .charsets = { GUESS } };
	GString *text = convert_labelled(bytes, length, &guess, damaged);
	g_autofree char *valid = NULL;

	*damaged = true;
	if (text != NULL)
		return text;
	valid = g_utf8_make_valid(bytes, (gssize)length);
	return g_string_new(valid);
}

/* Valid UTF-8 of two bytes a character at most: text of a charset of pairs can
 * be that by chance.  With three bytes it hardly happens. */
static bool
is_maybe_pairs(const char *bytes, size_t length)
{
	bool ascii = true;

	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)bytes[i] >= 0xe0)
			return false;
		ascii &= (unsigned char)bytes[i] < 0x80;
	}
	return !ascii;
}

/* True when the charset has letters for most of the text: then it was written
 * as UTF-8 by who writes that charset else. */
static bool
is_of_script(const char *text, size_t length, const char *charset)
{
	iconv_t converter = iconv_open(charset, "UTF-8");
	unsigned foreign = 0, known = 0;

	if (converter == (iconv_t)-1)
		return true;
	for (const char *at = text; at < text + length && foreign < SAMPLE;) {
		char letter[8], *in = (char *)at, *out = letter;
		size_t left = (size_t)(g_utf8_next_char(at) - at);
		size_t room = sizeof letter;

		at += left;
		if (left == 1)
			continue;
		foreign++;
		iconv(converter, NULL, NULL, NULL, NULL);
		known += iconv(converter, &in, &left, &out, &room) == 0;
	}
	iconv_close(converter);
	return known * 2 >= foreign;
}

/* True when its letters are all of those that hardly anyone writes, and that
 * two bytes of Latin text make by chance: an umlaut and a closing quote. */
static bool
is_of_none(const char *text, size_t length)
{
	for (const char *at = text; at < text + length;
	     at = g_utf8_next_char(at)) {
		gunichar letter = g_utf8_get_char(at);

		if (letter > 0x7f && (letter < 0x180 || letter > 0x2ff) &&
		    (letter < 0x700 || letter > 0x7ff))
			return false;
	}
	return true;
}

/* True when valid UTF-8 may be text of the label all the same. */
static bool
is_ambiguous(const char *bytes, size_t length, const struct label *label)
{
	switch (label->kind) {
	case LABEL_PAIRS:
		return is_maybe_pairs(bytes, length);
	case LABEL_SCRIPT:
		return !is_of_script(bytes, length, label->charsets[0]);
	case LABEL_LATIN:
		return is_of_none(bytes, length);
	case LABEL_DISGUISED:
		break;
	}
	return false;
}

/* UTF-8 under another label is UTF-8, where text of that label could not look
 * so. */
static GString *
convert_mistaken(const char *bytes, size_t length, const struct label *label)
{
	GString *text = NULL;
	bool damaged = false;

	if (label->charsets[0] != NULL && is_ambiguous(bytes, length, label))
		text = convert_labelled(bytes, length, label, &damaged);
	if (text != NULL && !damaged)
		return text;
	if (text != NULL)
		g_string_free(text, TRUE);
	return g_string_new_len(bytes, (gssize)length);
}

static GString *
to_utf8(
    const char *bytes, size_t length, const struct label *label, bool *damaged)
{
	GString *text = NULL;

	if (label->kind != LABEL_DISGUISED && is_utf8(bytes, length))
		return convert_mistaken(bytes, length, label);
	if (label->charsets[0] != NULL)
		text = convert_labelled(bytes, length, label, damaged);
	return text != NULL ? text : convert_guessed(bytes, length, damaged);
}

/* Some converters give what is no character (halves of pairs). */
static void
mend(GString *text, bool *damaged)
{
	g_autofree char *valid = NULL;

	if (is_utf8(text->str, text->len))
		return;
	valid = g_utf8_make_valid(text->str, (gssize)text->len);
	g_string_assign(text, valid);
	*damaged = true;
}

/* The control characters of ASCII, DEL, and those of C1 (U+0080 to U+009F),
 * whose length in bytes is the result; 0: none. */
static size_t
measure_control(const char *at, const char *end)
{
	unsigned char c = (unsigned char)at[0];

	if (c < 0x20 || c == 0x7f)
		return 1;
	if (c == 0xc2 && end - at > 1 && (unsigned char)at[1] < 0xa0)
		return 2;
	return 0;
}

/* A lone CR ends a line for some and none for others. */
static GBytes *
convert_text(
    const void *bytes, size_t length, const struct label *label, bool *damaged)
{
	GString *raw = to_utf8(bytes, length, label, damaged);
	GString *text = g_string_sized_new(raw->len);
	const char *end = raw->str + raw->len;
	const char *at = raw->str;

	if (g_str_has_prefix(at, "\xef\xbb\xbf"))
		at += 3;
	while (at < end) {
		size_t plain = measure_printable(at, end);

		g_string_append_len(text, at, (gssize)plain);
		at += plain;
		if (at == end)
			break;
		size_t control = measure_control(at, end);
		bool lone = *at == '\r' && (at + 1 == end || at[1] != '\n');
		if (lone)
			g_string_append_c(text, '\n');
		else if (control == 0 || *at == '\t' || *at == '\n')
			g_string_append_c(text, *at);
		*damaged |= lone || (control != 0 && *at != '\t' &&
					*at != '\n' && *at != '\r');
		at += MAX(control, 1);
	}
	g_string_free(raw, TRUE);
	mend(text, damaged);
	return g_string_free_to_bytes(text);
}

/* Lines of printable ASCII, as most mails are, in one pass; NULL when there is
 * anything else. */
static GBytes *
copy_printable(const char *at, size_t length)
{
	const char *end = at + length;
	char *text = g_malloc(length + 1), *out = text;

	while (at < end) {
		size_t plain = measure_printable(at, end);
		bool pair =
		    plain == 0 && end - at > 1 && *at == '\r' && at[1] == '\n';

		if (plain == 0 && !pair && *at != '\t' && *at != '\n') {
			g_free(text);
			return NULL;
		}
		at += pair;
		plain = MAX(plain, 1);
		memcpy(out, at, plain);
		out += plain;
		at += plain;
	}
	*out = '\0';
	return g_bytes_new_take(text, (size_t)(out - text));
}

GBytes *
charset_text(
    const void *bytes, size_t length, const char *charset, bool *damaged)
{
	struct label label;
	GBytes *printable = NULL;

	if (length == 0)
		return g_bytes_new_static("", 0);
	label_read(&label, charset);
	if (label.kind != LABEL_DISGUISED)
		printable = copy_printable(bytes, length);
	return printable != NULL ? printable
				 : convert_text(bytes, length, &label, damaged);
}

/* Line ends and tabs read as a blank, other controls as nothing. */
static void
append_line(GString *line, const char *text, size_t length)
{
	const char *end = text + length;

	while (text < end) {
		size_t control = measure_control(text, end);

		if (control == 0)
			g_string_append_c(line, *text);
		else if (*text == '\n' || *text == '\t')
			g_string_append_c(line, ' ');
		text += MAX(control, 1);
	}
}

char *
charset_line(const char *text)
{
	size_t length = strlen(text);
	g_autofree char *valid = NULL;
	GString *line;

	if (measure_printable(text, text + length) == length)
		return g_strndup(text, length);
	valid = g_utf8_make_valid(text, (gssize)length);
	line = g_string_new(NULL);
	append_line(line, valid, strlen(valid));
	return g_string_free(line, FALSE);
}

void
charset_append(
    GString *line, const char *bytes, size_t length, const char *charset)
{
	struct label label;
	g_autoptr(GString) piece = g_string_new(NULL);
	GString *text;
	bool damaged = false;

	label_read(&label, charset);
	text = to_utf8(bytes, length, &label, &damaged);
	append_line(piece, text->str, text->len);
	mend(piece, &damaged);
	g_string_append_len(line, piece->str, (gssize)piece->len);
	g_string_free(text, TRUE);
}
