/* SPDX-License-Identifier: MIT */
#include "jis.h"

#include <stdbool.h>
#include <string.h>

/* EUC's prefixes of a half-width katakana, and of JIS X 0212. */
#define EUC_KATAKANA      '\x8e'
#define EUC_SUPPLEMENTARY '\x8f'

enum set {
	SET_ASCII,
	SET_KATAKANA,
	SET_KANJI,
	SET_SUPPLEMENTARY,
};

static const struct {
	const char *escape;
	enum set set;
} escapes[] = {
	{ "\x1b(B", SET_ASCII },
	{ "\x1b(J", SET_ASCII },
	{ "\x1b(H", SET_ASCII },
	{ "\x1b(I", SET_KATAKANA },
	{ "\x1b$@", SET_KANJI },
	{ "\x1b$B", SET_KANJI },
	{ "\x1b$(D", SET_SUPPLEMENTARY },
};

/* The length of the escape that stands here; 0: none. */
static size_t
read_escape(const char *at, const char *end, enum set *set)
{
	for (size_t i = 0; i < G_N_ELEMENTS(escapes); i++) {
		size_t length = strlen(escapes[i].escape);

		if ((size_t)(end - at) < length ||
		    memcmp(at, escapes[i].escape, length) != 0)
			continue;
		*set = escapes[i].set;
		return length;
	}
	return 0;
}

static bool
is_graphic(char c)
{
	return c > ' ' && c <= '~';
}

/* Appends the character that begins here; its length. */
static size_t
append_character(GString *euc, const char *at, const char *end, enum set set)
{
	bool pair = end - at > 1 && is_graphic(at[0]) && is_graphic(at[1]);

	if (set == SET_KATAKANA && is_graphic(at[0])) {
		g_string_append_c(euc, EUC_KATAKANA);
		g_string_append_c(euc, (char)(at[0] | 0x80));
		return 1;
	}
	if (pair && (set == SET_KANJI || set == SET_SUPPLEMENTARY)) {
		if (set == SET_SUPPLEMENTARY)
			g_string_append_c(euc, EUC_SUPPLEMENTARY);
		g_string_append_c(euc, (char)(at[0] | 0x80));
		g_string_append_c(euc, (char)(at[1] | 0x80));
		return 2;
	}
	/* half a character becomes what EUC cannot read either */
	g_string_append_c(euc, set != SET_ASCII && is_graphic(at[0])
				   ? (char)(at[0] | 0x80)
				   : at[0]);
	return 1;
}

GString *
jis_to_euc(const char *bytes, size_t length)
{
	GString *euc = g_string_sized_new(length * 2);
	const char *end = bytes + length;
	enum set set = SET_ASCII;
	bool shifted = false; /* between SO and SI */

	while (bytes < end) {
		size_t escape = read_escape(bytes, end, &set);

		if (escape > 0) {
			bytes += escape;
		} else if (*bytes == '\x0e' || *bytes == '\x0f') {
			shifted = *bytes++ == '\x0e';
		} else {
			/* the end of a line ends them all */
			if (*bytes == '\n')
				set = SET_ASCII;
			bytes += append_character(
			    euc, bytes, end, shifted ? SET_KATAKANA : set);
		}
	}
	return euc;
}
