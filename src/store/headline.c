/* SPDX-License-Identifier: MIT */
#include "headline.h"

#include <string.h>

/* In bytes: more than people write, and the rest is in the mail. */
#define TEXT_MAX 1000u

/* What is kept of a text of the mail; new. */
static char *
trim(const char *text)
{
	size_t length = strlen(text);
	char *kept;

	while (length > TEXT_MAX)
		length =
		    (size_t)(g_utf8_find_prev_char(text, text + length) - text);
	kept = g_strndup(text, length);
	return g_strstrip(g_strdelimit(kept, "\t\r\n", ' '));
}

static void
append_address(GString *line, const struct header_address *address)
{
	const char *spec = address->spec == NULL ? "" : address->spec;

	if (line->len > 0)
		g_string_append(line, ", ");
	if (address->name == NULL || *address->name == '\0')
		g_string_append(line, spec);
	else
		g_string_append_printf(line, "%s <%s>", address->name, spec);
}

static char *
tell_from(const struct message *message)
{
	g_autoptr(GString) line = g_string_new(NULL);

	for (unsigned i = 0; i < message->from->len && line->len <= TEXT_MAX;
	     i++)
		append_address(line, message->from->pdata[i]);
	return trim(line->str);
}

bool
headline_read(struct headline *headline, const struct journal *journal)
{
	const struct message *message = journal->message;

	*headline = (struct headline){ 0 };
	if (message->subject == NULL && !message->had_from)
		return false;
	if (message->subject != NULL)
		headline->subject = trim(message->subject);
	headline->from = tell_from(message);
	headline->tags = g_strdup(journal->tags);
	return true;
}

void
headline_clear(struct headline *headline)
{
	g_free(headline->subject);
	g_free(headline->from);
	g_free(headline->tags);
	*headline = (struct headline){ 0 };
}
