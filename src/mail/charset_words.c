/* SPDX-License-Identifier: MIT */
#include "charset.h"

#include <string.h>

#define CHARSET_MAX 40

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
	char charset[CHARSET_MAX + 1];
};

/* The "?=" of a word: some leave other '?' in Q as they are.  NULL: it is none,
 * or the next begins before it. */
static const char *
find_end(const struct word *word)
{
	const char *at = word->text + strcspn(word->text, "?");

	while (word->encoding == 'Q' && *at == '?' && at[1] != '=' &&
	       (at == word->text || at[-1] != '='))
		at += 1 + strcspn(at + 1, "?");
	return *at == '?' && at[1] == '=' ? at : NULL;
}

static bool
read_word(const char *at, struct word *word)
{
	const char *charset_end, *end;

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
	end = find_end(word);
	if (end == NULL || word->charset_length > CHARSET_MAX)
		return false;
	word->text_length = (size_t)(end - word->text);
	word->length = (size_t)(end - at) + 2;
	return true;
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
	if (words->bytes->len == 0)
		return;
	charset_append(words->line, words->bytes->str, words->bytes->len,
	    words->charset[0] == '\0' ? NULL : words->charset);
	g_string_truncate(words->bytes, 0);
	words->charset[0] = '\0';
}

static void
add_word(struct words *words, const struct word *word)
{
	char charset[CHARSET_MAX + 1];

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
	bool after_word = false;

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
	return g_string_free(words.line, FALSE);
}

/* Appends the run of words that begins here as one word in UTF-8; where it
 * ends. */
static const char *
append_respelt(GString *out, const char *at)
{
	struct words words = { g_string_new(NULL), g_string_new(NULL), "" };
	struct word word;
	const char *next = at;

	while (read_word(next, &word)) {
		add_word(&words, &word);
		at = next + word.length;
		next = at + strspn(at, " \t\r\n");
	}
	flush_words(&words);
	if (words.line->len > 0) {
		g_autofree char *text = g_base64_encode(
		    (const guchar *)words.line->str, words.line->len);

		g_string_append_printf(out, "=?utf-8?B?%s?=", text);
	}
	g_string_free(words.bytes, TRUE);
	g_string_free(words.line, TRUE);
	return at;
}

char *
charset_words_join(const char *value)
{
	GString *out = g_string_new(NULL);

	while (*value != '\0') {
		size_t plain = measure_plain(value);

		g_string_append_len(out, value, (gssize)plain);
		value += plain;
		if (*value != '\0')
			value = append_respelt(out, value);
	}
	return g_string_free(out, FALSE);
}
