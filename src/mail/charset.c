/* SPDX-License-Identifier: MIT */
#include "charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <string.h>

#define NAME_MAX_LENGTH 40
#define REPLACEMENT     "\xef\xbf\xbd"
#define GUESS           "WINDOWS-1252"

/* Names that mean more than iconv would read into them: what writers call
 * latin1, gb2312 or shift_jis is in fact their superset. */
struct alias {
	const char *name;
	const char *iconv_name;
};

static const struct alias aliases[] = {
	{ "iso-8859-1", GUESS },
	{ "latin1", GUESS },
	{ "us-ascii", GUESS },
	{ "ascii", GUESS },
	{ "iso-8859-6-e", "ISO-8859-6" },
	{ "iso-8859-6-i", "ISO-8859-6" },
	{ "iso-8859-8-e", "ISO-8859-8" },
	{ "iso-8859-8-i", "ISO-8859-8" },
	{ "iso-8859-9", "WINDOWS-1254" },
	{ "gb2312", "GB18030" },
	{ "gbk", "GB18030" },
	{ "x-gbk", "GB18030" },
	{ "big5", "BIG5-HKSCS" },
	{ "x-big5", "BIG5-HKSCS" },
	{ "ks_c_5601-1987", "CP949" },
	{ "ks_c_5601", "CP949" },
	{ "euc-kr", "CP949" },
	{ "shift_jis", "CP932" },
	{ "shift-jis", "CP932" },
	{ "x-sjis", "CP932" },
	{ "unicode-1-1-utf-7", "UTF-7" },
	{ "x-mac-roman", "MACINTOSH" },
};

/* Charsets whose text can look like valid UTF-8 and is something else. */
static const char *const disguised[] = { "iso-2022-", "utf-7",
	"unicode-1-1-utf-7", "hz", "utf-16", "utf16", "utf-32", "utf32", "ucs-",
	"iso-10646", "ibm037", "ibm500", "ebcdic" };

static const char *
find_iconv_name(const char *charset)
{
	for (size_t i = 0; i < G_N_ELEMENTS(aliases); i++)
		if (g_ascii_strcasecmp(charset, aliases[i].name) == 0)
			return aliases[i].iconv_name;
	return charset;
}

static bool
is_disguised(const char *charset)
{
	for (size_t i = 0; charset != NULL && i < G_N_ELEMENTS(disguised); i++)
		if (g_ascii_strncasecmp(
			charset, disguised[i], strlen(disguised[i])) == 0)
			return true;
	return false;
}

/* A name goes to iconv only when it can be one: no path, no //SUFFIX. */
static iconv_t
open_charset(const char *charset)
{
	size_t length = charset == NULL ? 0 : strlen(charset);

	if (length == 0 || length > NAME_MAX_LENGTH)
		return (iconv_t)-1;
	for (size_t i = 0; i < length; i++)
		if (!g_ascii_isalnum(charset[i]) &&
		    strchr("-_.:+", charset[i]) == NULL)
			return (iconv_t)-1;
	return iconv_open("UTF-8", find_iconv_name(charset));
}

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

/* Converts all of it; a byte that is none of the charset becomes U+FFFD. */
static GString *
convert(iconv_t converter, const char *bytes, size_t length, bool *damaged)
{
	GString *text = g_string_sized_new(length + 16);
	char *in = (char *)bytes;
	char chunk[1024];

	while (length > 0) {
		char *out = chunk;
		size_t room = sizeof chunk;
		size_t result = iconv(converter, &in, &length, &out, &room);
		int fault = result == (size_t)-1 ? errno : 0;

		g_string_append_len(text, chunk, out - chunk);
		if (fault == 0 || fault == E2BIG)
			continue;
		g_string_append(text, REPLACEMENT);
		*damaged = true;
		in++;
		length--;
	}
	return text;
}

static GString *
convert_guessed(const char *bytes, size_t length, bool *damaged)
{
	iconv_t converter = iconv_open("UTF-8", GUESS);
	GString *text;

	*damaged = true;
	if (converter == (iconv_t)-1) {
		g_autofree char *valid =
		    g_utf8_make_valid(bytes, (gssize)length);

		return g_string_new(valid);
	}
	text = convert(converter, bytes, length, damaged);
	iconv_close(converter);
	return text;
}

static GString *
to_utf8(const char *bytes, size_t length, const char *charset, bool *damaged)
{
	iconv_t converter;
	GString *text;

	if (!is_disguised(charset) && is_utf8(bytes, length))
		return g_string_new_len(bytes, (gssize)length);
	converter = open_charset(charset);
	if (converter == (iconv_t)-1)
		return convert_guessed(bytes, length, damaged);
	text = convert(converter, bytes, length, damaged);
	iconv_close(converter);
	return text;
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

static GBytes *
convert_text(
    const void *bytes, size_t length, const char *charset, bool *damaged)
{
	GString *raw = to_utf8(bytes, length, charset, damaged);
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
		if (*at == '\r' && (at + 1 == end || at[1] != '\n'))
			g_string_append_c(text, '\n');
		else if (control == 0 || *at == '\t' || *at == '\n')
			g_string_append_c(text, *at);
		else if (*at != '\r')
			*damaged = true;
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
	GBytes *printable =
	    is_disguised(charset) ? NULL : copy_printable(bytes, length);

	return printable != NULL
		   ? printable
		   : convert_text(bytes, length, charset, damaged);
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

/* One encoded word: =?charset*language?B or Q?text?= */
struct word {
	const char *charset;
	size_t charset_length;
	char encoding; /* 'B' or 'Q' */
	const char *text;
	size_t text_length;
	size_t length; /* of the whole */
};

/* What decoding collects: adjacent words of one charset are joined as bytes
 * before they are converted, since some writers split characters. */
struct words {
	GString *line;
	GString *bytes;
	char charset[NAME_MAX_LENGTH + 1];
};

static bool
read_word(const char *at, struct word *word)
{
	const char *charset_end;

	if (at[0] != '=' || at[1] != '?')
		return false;
	word->charset = at + 2;
	charset_end = word->charset + strcspn(word->charset, "? \t");
	if (*charset_end != '?')
		return false;
	word->charset_length = strcspn(word->charset, "*?");
	word->encoding = g_ascii_toupper(charset_end[1]);
	if ((word->encoding != 'B' && word->encoding != 'Q') ||
	    charset_end[2] != '?')
		return false;
	word->text = charset_end + 3;
	word->text_length = strcspn(word->text, "?");
	word->length = (size_t)(word->text - at) + word->text_length + 2;
	return word->charset_length <= NAME_MAX_LENGTH &&
	       word->text[word->text_length] == '?' &&
	       word->text[word->text_length + 1] == '=';
}

static void
append_quoted(GString *bytes, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		int high = -1, low = -1;

		if (text[i] == '=' && i + 2 < length) {
			high = g_ascii_xdigit_value(text[i + 1]);
			low = g_ascii_xdigit_value(text[i + 2]);
		}
		if (high >= 0 && low >= 0) {
			g_string_append_c(bytes, (char)(high << 4 | low));
			i += 2;
		} else {
			g_string_append_c(
			    bytes, text[i] == '_' ? ' ' : text[i]);
		}
	}
}

static void
append_base64(GString *bytes, const char *text, size_t length)
{
	g_autofree guchar *decoded = g_malloc(length / 4 * 3 + 6);
	int state = 0;
	guint save = 0;
	size_t size;

	size = g_base64_decode_step(text, length, decoded, &state, &save);
	/* padding that was left off */
	size += g_base64_decode_step("==", 2, decoded + size, &state, &save);
	g_string_append_len(bytes, (char *)decoded, (gssize)size);
}

static void
flush_words(struct words *words)
{
	GString *text;
	bool damaged = false;

	if (words->bytes->len == 0)
		return;
	text = to_utf8(words->bytes->str, words->bytes->len,
	    words->charset[0] == '\0' ? NULL : words->charset, &damaged);
	append_line(words->line, text->str, text->len);
	g_string_free(text, TRUE);
	g_string_truncate(words->bytes, 0);
	words->charset[0] = '\0';
}

static void
add_word(struct words *words, const struct word *word)
{
	char charset[NAME_MAX_LENGTH + 1];

	memcpy(charset, word->charset, word->charset_length);
	charset[word->charset_length] = '\0';
	if (g_ascii_strcasecmp(charset, words->charset) != 0)
		flush_words(words);
	memcpy(words->charset, charset, sizeof charset);
	if (word->encoding == 'B')
		append_base64(words->bytes, word->text, word->text_length);
	else
		append_quoted(words->bytes, word->text, word->text_length);
}

/* Adds what stands between words: as it is, in no charset. */
static void
add_plain(struct words *words, const char *text, size_t length)
{
	flush_words(words);
	g_string_append_len(words->bytes, text, (gssize)length);
	flush_words(words);
}

/* The length of the text up to the next encoded word. */
static size_t
measure_plain(const char *at)
{
	struct word word;
	const char *next = at;

	while ((next = strstr(next, "=?")) != NULL) {
		if (read_word(next, &word))
			return (size_t)(next - at);
		next++;
	}
	return strlen(at);
}

char *
charset_words(const char *value)
{
	struct words words = { g_string_new(NULL), g_string_new(NULL), "" };
	bool after_word = false, damaged = false;

	while (*value != '\0') {
		size_t plain = measure_plain(value);
		struct word word;
		/* blanks between two words only separate them */
		bool gap = after_word && value[plain] != '\0' &&
			   strspn(value, " \t\r\n") >= plain;

		if (plain > 0 && !gap)
			add_plain(&words, value, plain);
		value += plain;
		after_word = read_word(value, &word);
		if (after_word) {
			add_word(&words, &word);
			value += word.length;
		}
	}
	flush_words(&words);
	g_string_free(words.bytes, TRUE);
	mend(words.line, &damaged);
	return g_string_free(words.line, FALSE);
}
