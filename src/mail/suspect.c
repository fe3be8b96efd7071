/* SPDX-License-Identifier: MIT */
#include "suspect.h"

#include <glib.h>
#include <string.h>

static bool
is_bcc(const struct suspect *suspect)
{
	static const char *const names[] = { "bcc", "resent-bcc" };

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (suspect->length == strlen(names[i]) &&
		    memcmp(suspect->word, names[i], suspect->length) == 0)
			return true;
	return false;
}

static void
begin_line(struct suspect *suspect)
{
	suspect->length = 0;
	suspect->ended = false;
	suspect->within = false;
	suspect->indented = false;
	suspect->begun = false;
}

static void
find(struct suspect *suspect)
{
	suspect->line |= !suspect->within;
	suspect->inside |= suspect->within || suspect->indented;
}

static void
take_blank(struct suspect *suspect)
{
	suspect->indented |= suspect->length == 0 && !suspect->within;
	suspect->ended = suspect->length > 0;
}

static void
take_colon(struct suspect *suspect)
{
	if (is_bcc(suspect))
		find(suspect);
	suspect->line |= suspect->begun;
	/* What follows at once is no word of its own. */
	suspect->length = SUSPECT_WORD_MAX;
	suspect->within = true;
	suspect->begun = false;
}

static void
take_newline(struct suspect *suspect)
{
	/* The colon may stand on the next line. */
	if (!suspect->within && is_bcc(suspect))
		find(suspect);
	begin_line(suspect);
}

static void
take_letter(struct suspect *suspect, unsigned char c)
{
	if (suspect->ended) {
		suspect->begun |= !suspect->within && is_bcc(suspect);
		suspect->within = true;
		suspect->ended = false;
		suspect->length = 0;
	}
	if (suspect->length < SUSPECT_WORD_MAX)
		suspect->word[suspect->length++] = g_ascii_tolower((char)c);
}

void
suspect_take(struct suspect *suspect, const unsigned char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = bytes[i];

		if (c == '\n')
			take_newline(suspect);
		else if (c == ' ' || c == '\t')
			take_blank(suspect);
		else if (c == ':')
			take_colon(suspect);
		else if (c > ' ' && c < 0x7f)
			take_letter(suspect, c);
	}
}
