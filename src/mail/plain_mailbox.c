/* SPDX-License-Identifier: MIT */
#include "plain_mailbox.h"

#include <glib.h>
#include <string.h>

static bool
is_of(char c, const char *marks)
{
	return g_ascii_isalnum(c) || (c != '\0' && strchr(marks, c) != NULL);
}

/* The length of words of letters, digits and these marks, with one joint
 * between them; 0 when it begins or ends with the joint. */
static size_t
measure_words(const char *text, const char *marks, char joint)
{
	size_t length = 0;

	while (is_of(text[length], marks) ||
	       (text[length] == joint && length > 0 &&
		   is_of(text[length + 1], marks)))
		length++;
	return length;
}

/* local@domain; 0: it is none. */
static size_t
measure_address(const char *text)
{
	size_t local = measure_words(text, "_+=-", '.');
	size_t domain;

	if (local == 0 || text[local] != '@')
		return 0;
	domain = measure_words(text + local + 1, "-", '.');
	return domain == 0 ? 0 : local + 1 + domain;
}

/* The name before <, with where its text lies; 0: it is none. */
static size_t
measure_name(const char *text, const char **start, size_t *length)
{
	bool quoted = *text == '"';
	size_t whole;

	*start = text + quoted;
	*length = measure_words(*start, quoted ? ".,&'-" : "'-", ' ');
	whole = *length + 2 * (size_t)quoted;
	if (*length == 0 || (quoted && text[whole - 1] != '"'))
		return 0;
	return whole;
}

/* True when this is <local@domain> and nothing more. */
static bool
is_angle_address(const char *text)
{
	size_t size = *text == '<' ? measure_address(text + 1) : 0;

	return size > 0 && strcmp(text + 1 + size, ">") == 0;
}

bool
plain_mailbox_read(const char *body, char **name, char **address)
{
	const char *start = NULL, *at = body;
	size_t length = 0, whole, size = measure_address(body);

	*name = *address = NULL;
	if (size > 0 && body[size] == '\0') {
		*address = g_strdup(body);
		return true;
	}
	if (*body != '<') {
		whole = measure_name(body, &start, &length);
		if (whole == 0 || body[whole] != ' ')
			return false;
		at = body + whole + 1;
	}
	if (!is_angle_address(at))
		return false;
	*name = start == NULL ? NULL : g_strndup(start, length);
	*address = g_strndup(at + 1, strlen(at) - 2);
	return true;
}
