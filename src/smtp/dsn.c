/* SPDX-License-Identifier: MIT */
#include "dsn.h"

#include "xtext.h"
#include <string.h>

/* RFC 3461 4.4 and 4.2: of the values as they are written. */
#define ENVID_MAX 100
#define ORCPT_MAX 500

/* What goes without saying. */
#define USUAL (ENVELOPE_NOTIFY_FAILURE | ENVELOPE_NOTIFY_DELAY)

bool
dsn_offered(const struct session *session)
{
	return session->world->disk != NULL;
}

bool
dsn_read_ret(const char *value, enum envelope_return *returned)
{
	bool full = g_ascii_strcasecmp(value, "FULL") == 0;

	*returned = full ? ENVELOPE_RETURN_FULL : ENVELOPE_RETURN_HEADERS;
	return full || g_ascii_strcasecmp(value, "HDRS") == 0;
}

/* Decoded, and fit for a field of a report: printable ASCII, something at
 * all. */
static char *
read_printable(const char *text)
{
	g_autofree char *octets = xtext_decode(text, strlen(text));

	if (octets == NULL || *octets == '\0')
		return NULL;
	for (const char *at = octets; *at != '\0'; at++)
		if (*at < ' ' || *at > '~')
			return NULL;
	return g_steal_pointer(&octets);
}

char *
dsn_read_envid(const char *value)
{
	return strlen(value) > ENVID_MAX ? NULL : read_printable(value);
}

/* notify-list-element; 0: it is none. */
static unsigned
read_element(const char *word)
{
	static const struct {
		const char *word;
		unsigned notify;
	} elements[] = {
		{ "SUCCESS", ENVELOPE_NOTIFY_SUCCESS },
		{ "FAILURE", ENVELOPE_NOTIFY_FAILURE },
		{ "DELAY", ENVELOPE_NOTIFY_DELAY },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(elements); i++)
		if (g_ascii_strcasecmp(word, elements[i].word) == 0)
			return elements[i].notify;
	return 0;
}

bool
dsn_read_notify(const char *value, unsigned *notify)
{
	g_auto(GStrv) words = g_strsplit(value, ",", -1);

	*notify = 0;
	if (g_ascii_strcasecmp(value, "NEVER") == 0) {
		*notify = ENVELOPE_NOTIFY_NEVER;
		return true;
	}
	for (char **word = words; *word != NULL; word++) {
		unsigned element = read_element(*word);

		if (element == 0)
			return false;
		*notify |= element;
	}
	return *notify != 0;
}

/* addr-type is an atom (RFC 3461 4.2). */
static bool
is_type(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!g_ascii_isalnum(text[i]) &&
		    (text[i] == '\0' ||
			strchr("!#$%&'*+-/=?^_`{|}~", text[i]) == NULL))
			return false;
	return length > 0;
}

/* utf-8-addr-unitext as utf-8-addr-xtext (RFC 6533 3). */
static char *
escape_unicode(const char *text)
{
	GString *escaped;

	if (!g_utf8_validate(text, -1, NULL))
		return g_strdup(text);
	escaped = g_string_new(NULL);
	for (; *text != '\0'; text = g_utf8_next_char(text)) {
		gunichar c = g_utf8_get_char(text);

		if (c < 0x80)
			g_string_append_c(escaped, (char)c);
		else
			g_string_append_printf(escaped, "\\x{%X}", c);
	}
	return g_string_free(escaped, FALSE);
}

char *
dsn_read_orcpt(const char *value, bool utf8)
{
	const char *semicolon = strchr(value, ';');
	g_autofree char *address = NULL, *escaped = NULL;

	if (strlen(value) > ORCPT_MAX || semicolon == NULL ||
	    !is_type(value, (size_t)(semicolon - value)))
		return NULL;
	if (utf8 && g_ascii_strncasecmp(value, "utf-8;", 6) == 0)
		escaped = escape_unicode(semicolon + 1);
	address = read_printable(escaped != NULL ? escaped : semicolon + 1);
	if (address == NULL)
		return NULL;
	return g_strdup_printf(
	    "%.*s;%s", (int)(semicolon - value), value, address);
}

unsigned
dsn_merge(unsigned notify, unsigned other)
{
	unsigned all = 0;

	if (notify == other)
		return notify;
	all |= notify == ENVELOPE_NOTIFY_UNSAID ? USUAL : notify;
	all |= other == ENVELOPE_NOTIFY_UNSAID ? USUAL : other;
	/* one of them says more than never */
	return all & ~(unsigned)ENVELOPE_NOTIFY_NEVER;
}
