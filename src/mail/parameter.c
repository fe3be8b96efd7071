/* SPDX-License-Identifier: MIT */
#include "parameter.h"

#include "charset.h"

#include <stdbool.h>
#include <string.h>

#define PIECES_MAX  1000
#define CHARSET_MAX 40

/* One "name*1*=value", as it is written. */
struct piece {
	bool numbered; /* it is one of several */
	bool encoded;  /* %xx, and the first has a charset */
	unsigned number;
	GString *value;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
free_piece(void *object)
{
	struct piece *piece = object;

	g_string_free(piece->value, TRUE);
	g_free(piece);
}

static const char *
skip_blanks(const char *at)
{
	while (is_blank(*at))
		at++;
	return at;
}

/* Takes what is within quotes, or up to the next semicolon; where it ends.  A
 * backslash stands for what follows it where that could not stand there by
 * itself: paths are written with single ones. */
static const char *
take_value(const char *at, GString *value)
{
	bool quoted = *at == '"';

	for (at += quoted; *at != '\0' && *at != (quoted ? '"' : ';'); at++) {
		if (quoted && *at == '\\' && (at[1] == '"' || at[1] == '\\'))
			at++;
		if (*at != '\r' && *at != '\n')
			g_string_append_c(value, *at);
	}
	while (
	    !quoted && value->len > 0 && is_blank(value->str[value->len - 1]))
		g_string_truncate(value, value->len - 1);
	while (*at != '\0' && *at != ';')
		at++;
	return at;
}

/* Reads the stars behind a name: "", "*", "*0", "*0*". */
static bool
read_stars(struct piece *piece, const char *stars, size_t length)
{
	size_t at = 0;

	if (length > 0 && stars[at++] != '*')
		return false;
	while (at < length && g_ascii_isdigit(stars[at]) &&
	       piece->number < PIECES_MAX) {
		piece->number =
		    piece->number * 10 + (unsigned)(stars[at++] - '0');
		piece->numbered = true;
	}
	piece->encoded =
	    length > 0 && (at == length ? !piece->numbered : stars[at] == '*');
	return at + (piece->numbered && piece->encoded) == length;
}

/* All that the field has of the name, in the order of the field. */
static GPtrArray *
list_pieces(const char *field, const char *name)
{
	GPtrArray *pieces = g_ptr_array_new_with_free_func(free_piece);
	g_autoptr(GString) kind = g_string_new(NULL);
	const char *at = take_value(field, kind);
	size_t length = strlen(name);

	while (*at == ';') {
		struct piece *piece = g_new0(struct piece, 1);
		size_t written;

		piece->value = g_string_new(NULL);
		at = skip_blanks(at + 1);
		written = strcspn(at, "=; \t\r\n");
		bool ours = written >= length &&
			    g_ascii_strncasecmp(at, name, length) == 0 &&
			    read_stars(piece, at + length, written - length);
		at = skip_blanks(at + written);
		if (*at == '=')
			at = take_value(skip_blanks(at + 1), piece->value);
		while (*at != '\0' && *at != ';')
			at++;
		if (ours)
			g_ptr_array_add(pieces, piece);
		else
			free_piece(piece);
	}
	return pieces;
}

static gint
compare_pieces(gconstpointer left, gconstpointer right)
{
	const struct piece *const *a = left, *const *b = right;

	return (int)(*a)->number - (int)(*b)->number;
}

static void
append_decoded(GString *bytes, const char *text)
{
	for (; *text != '\0'; text++) {
		int high = *text == '%' ? g_ascii_xdigit_value(text[1]) : -1;
		int low = high < 0 ? -1 : g_ascii_xdigit_value(text[2]);

		char letter = *text;

		if (low >= 0) {
			letter = (char)(high << 4 | low);
			text += 2;
		}
		g_string_append_c(bytes, letter);
	}
}

/* Takes "charset'language'" off the text; true when it is there. */
static bool
take_charset(const char **text, char *charset)
{
	const char *end = strchr(*text, '\'');
	const char *start = end == NULL ? NULL : strchr(end + 1, '\'');

	if (start == NULL || end - *text > CHARSET_MAX)
		return false;
	memcpy(charset, *text, (size_t)(end - *text));
	charset[end - *text] = '\0';
	*text = start + 1;
	return true;
}

/* Bytes are joined before they are converted: pieces may part characters. */
static char *
join_pieces(const GPtrArray *pieces)
{
	g_autoptr(GString) bytes = g_string_new(NULL);
	char charset[CHARSET_MAX + 1] = "";
	bool encoded = false;
	GString *line;

	for (unsigned i = 0; i < pieces->len; i++) {
		const struct piece *piece = pieces->pdata[i];
		const char *text = piece->value->str;

		if (piece->encoded && !encoded)
			encoded = take_charset(&text, charset) || i > 0;
		if (piece->encoded)
			append_decoded(bytes, text);
		else
			g_string_append(bytes, text);
	}
	if (!encoded)
		return charset_words(bytes->str);
	line = g_string_new(NULL);
	charset_append(
	    line, bytes->str, bytes->len, charset[0] == '\0' ? NULL : charset);
	return g_string_free(line, FALSE);
}

/* Leaves what belongs together: the pieces, else the one with a charset, else
 * the first. */
static void
choose_pieces(GPtrArray *pieces)
{
	bool numbered = false, encoded = false;

	for (unsigned i = 0; i < pieces->len; i++) {
		const struct piece *piece = pieces->pdata[i];

		numbered |= piece->numbered;
		encoded |= piece->encoded;
	}
	for (unsigned i = 0; i < pieces->len;) {
		const struct piece *piece = pieces->pdata[i];

		if (numbered ? piece->numbered
			     : piece->encoded == encoded && i == 0)
			i++;
		else
			g_ptr_array_remove_index(pieces, i);
	}
}

char *
parameter_find(const char *field, const char *name)
{
	g_autoptr(GPtrArray) pieces = list_pieces(field, name);

	if (pieces->len == 0)
		return NULL;
	choose_pieces(pieces);
	g_ptr_array_sort(pieces, compare_pieces);
	return join_pieces(pieces);
}
