/* SPDX-License-Identifier: MIT */
#include "display.h"

#include "mail/message.h"
#include <string.h>

/* RFC 2047 2: an encoded word has at most 75 characters; "=?utf-8?B?" and "?="
 * leave 63, that is 45 bytes in base64. */
#define WORD_BYTES 45

/* RFC 5322 3.2.3, and what a reader could take for an encoded word. */
static bool
is_special(const char *name)
{
	return strpbrk(name, "()<>[]:;@\\,.\"\t") != NULL ||
	       strstr(name, "=?") != NULL;
}

static bool
is_ascii(const char *name)
{
	for (; *name != '\0'; name++)
		if ((unsigned char)*name > 0x7e)
			return false;
	return true;
}

static void
append_quoted(GString *text, const char *name)
{
	g_string_append_c(text, '"');
	for (; *name != '\0'; name++) {
		if (*name == '"' || *name == '\\')
			g_string_append_c(text, '\\');
		g_string_append_c(text, *name);
	}
	g_string_append_c(text, '"');
}

/* The bytes of whole characters that one word holds. */
static size_t
measure_word(const char *name)
{
	size_t length = 0;

	while (name[length] != '\0') {
		size_t next = (size_t)(g_utf8_next_char(name + length) - name);

		if (next > WORD_BYTES)
			break;
		length = next;
	}
	return length;
}

static void
append_words(GString *text, const char *name)
{
	while (*name != '\0') {
		size_t length = measure_word(name);
		g_autofree char *word =
		    g_base64_encode((const unsigned char *)name, length);

		g_string_append_printf(text, "=?utf-8?B?%s?=", word);
		name += length;
		if (*name != '\0')
			g_string_append_c(text, ' ');
	}
}

static void
append_mailbox(GString *text, const char *name, const char *spec)
{
	if (name == NULL || *name == '\0') {
		g_string_append(text, spec);
		return;
	}
	if (!is_special(name))
		g_string_append(text, name);
	else if (is_ascii(name))
		append_quoted(text, name);
	else
		append_words(text, name);
	g_string_append_printf(text, " <%s>", spec);
}

char *
display_mailbox(const char *name, const char *spec)
{
	GString *text = g_string_new(NULL);

	append_mailbox(text, name, spec);
	return g_string_free(text, FALSE);
}

char *
display_field(const char *name, const char *spec)
{
	GString *text;

	if (name == NULL || is_ascii(name))
		return display_mailbox(name, spec);
	text = g_string_new(NULL);
	append_words(text, name);
	g_string_append_printf(text, " <%s>", spec);
	return g_string_free(text, FALSE);
}

char *
display_list(const GPtrArray *addresses)
{
	GString *text;

	if (addresses->len == 0)
		return NULL;
	text = g_string_new(NULL);
	for (unsigned i = 0; i < addresses->len; i++) {
		const struct header_address *address = addresses->pdata[i];

		if (i > 0)
			g_string_append(text, ", ");
		append_mailbox(text, address->name, address->spec);
	}
	return g_string_free(text, FALSE);
}
