/* SPDX-License-Identifier: MIT */
#include "quote.h"

#include <string.h>

/* Octets of what the client said. */
#define SAID_MAX 80

/* The octets of the first word: no blank, no control character. */
static size_t
measure_word(const char *line, size_t length)
{
	size_t word = 0;

	while (word < length && (unsigned char)line[word] > ' ' &&
	       line[word] != 0x7f)
		word++;
	return word;
}

void
quote_line(struct quote *quote, const char *line, size_t length, bool known)
{
	size_t word = measure_word(line, length);

	if (word == strlen("AUTH") &&
	    g_ascii_strncasecmp(line, "AUTH", word) == 0)
		quote->guarded = true;
	else if (known)
		word = length;
	else if (quote->guarded)
		word = 0;
	quote->said = word > 0 ? line : NULL;
	quote->said_length = word;
}

void
quote_path(
    struct quote *quote, const char *path, size_t length, bool is_recipient)
{
	quote->path = path;
	quote->path_length = length;
	quote->is_recipient = is_recipient;
}

void
quote_forget(struct quote *quote)
{
	*quote = (struct quote){ .guarded = quote->guarded };
}

static char *
cut_text(const char *text, size_t length)
{
	bool whole = length <= SAID_MAX;
	g_autofree char *part = g_strndup(text, whole ? length : SAID_MAX);

	return g_strconcat(part, whole ? "" : "...", NULL);
}

/* True when it is the form of what was said that is at fault, or a number. */
static bool
is_of_form(const struct reply *reply)
{
	return reply->code == 500 || reply->code == 501 || reply->code == 555 ||
	       reply == reply_find(REPLY_SIZE) ||
	       reply == reply_find(REPLY_AUTHOR_SYNTAX);
}

char *
quote_said(const struct quote *quote, const struct reply *reply)
{
	return quote->said != NULL && is_of_form(reply)
		   ? cut_text(quote->said, quote->said_length)
		   : NULL;
}

char *
quote_from(const struct quote *quote)
{
	const struct envelope *envelope = quote->envelope;

	if (quote->path != NULL && !quote->is_recipient)
		return cut_text(quote->path, quote->path_length);
	if (envelope == NULL)
		return NULL;
	return g_strdup(envelope->sender == NULL ? "" : envelope->sender->text);
}

char *
quote_to(const struct quote *quote)
{
	const struct envelope *envelope = quote->envelope;

	if (quote->path != NULL)
		return quote->is_recipient
			   ? cut_text(quote->path, quote->path_length)
			   : NULL;
	return envelope == NULL
		   ? NULL
		   : envelope_tell(envelope, 0, envelope->recipients->len);
}
