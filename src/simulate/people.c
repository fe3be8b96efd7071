/* SPDX-License-Identifier: MIT */
#include "people.h"
#include <string.h>

static bool
is_atom(unsigned char c)
{
	return c >= 0x80 || g_ascii_isalnum((char)c) ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~.", c) != NULL);
}

static bool
is_local(const char *text, size_t length)
{
	if (length == 0 || length > 64)
		return false;
	if (text[0] == '"')
		return length > 1 && text[length - 1] == '"';
	for (size_t i = 0; i < length; i++) {
		if (!is_atom((unsigned char)text[i]))
			return false;
	}
	return text[0] != '.' && text[length - 1] != '.' &&
	       memmem(text, length, "..", 2) == NULL;
}

static bool
is_label(const char *text, size_t length)
{
	if (length == 0 || length > 63)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!g_ascii_isalnum(text[i]) && text[i] != '-' &&
		    text[i] != '_' && !(text[i] & 0x80))
			return false;
	}
	return text[0] != '-' && text[length - 1] != '-';
}

static bool
is_domain(const char *text)
{
	if (strlen(text) > 255)
		return false;
	if (text[0] == '[')
		return strlen(text) > 2 && text[strlen(text) - 1] == ']';
	for (;;) {
		size_t length = strcspn(text, ".");

		if (!is_label(text, length))
			return false;
		if (text[length] == '\0')
			return true;
		text += length + 1;
	}
}

bool
people_is_address(const char *text)
{
	const char *at = strrchr(text, '@');

	return at != NULL && is_local(text, (size_t)(at - text)) &&
	       is_domain(at + 1);
}

/* The end of the entry that begins here: its comma, or the end of all. */
static const char *
find_end(const char *text)
{
	bool quoted = false, angle = false;

	for (; *text != '\0'; text++) {
		if (*text == '\\' && quoted && text[1] != '\0')
			text++;
		else if (*text == '"')
			quoted = !quoted;
		else if (!quoted && (*text == '<' || *text == '>'))
			angle = *text == '<';
		else if (*text == ',' && !quoted && !angle)
			break;
	}
	return text;
}

/* "Name <a@b>" is cut down to a@b. */
static bool
cut_name(char *entry)
{
	char *open = strrchr(entry, '<');
	char *close = strrchr(entry, '>');

	if (open == NULL)
		return close == NULL;
	if (close == NULL || close < open || close[1] != '\0')
		return false;
	*close = '\0';
	memmove(entry, open + 1, strlen(open + 1) + 1);
	return true;
}

bool
people_read(const char *text, GPtrArray *out)
{
	for (;;) {
		const char *end = find_end(text);
		g_autofree char *entry = g_strndup(text, (size_t)(end - text));

		g_strstrip(entry);
		if (!cut_name(entry) || !people_is_address(entry))
			return false;
		if (out != NULL)
			g_ptr_array_add(out, g_steal_pointer(&entry));
		if (*end == '\0')
			return true;
		text = end + 1;
	}
}

bool
people_contains(const GPtrArray *people, const char *address)
{
	for (guint i = 0; i < people->len; i++) {
		if (g_ascii_strcasecmp(people->pdata[i], address) == 0)
			return true;
	}
	return false;
}
