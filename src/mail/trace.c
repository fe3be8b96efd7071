/* SPDX-License-Identifier: MIT */
#include "mail/trace.h"

#include <string.h>

#define FIELD "traceparent"

/* version "-" trace-id "-" parent-id "-" trace-flags */
#define SHAPE         "xx-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx"
#define TRACE_AT      3
#define PARENT_AT     36
#define PARENT_LENGTH 16

static bool
is_hex(char c)
{
	return g_ascii_isxdigit(c) && !g_ascii_isupper(c);
}

/* Stops at the end of a text that is too short. */
static bool
has_shape(const char *text)
{
	for (const char *want = SHAPE; *want != '\0'; want++, text++)
		if (*want == 'x' ? !is_hex(*text) : *text != *want)
			return false;
	return true;
}

static bool
is_zero(const char *digits, size_t length)
{
	return strspn(digits, "0") >= length;
}

/* Only a version to come may have more, behind another "-". */
static bool
ends_well(const char *text)
{
	char next = text[strlen(SHAPE)];

	return next == '\0' || (next == '-' && !g_str_has_prefix(text, "00-"));
}

static bool
is_valid(const char *text)
{
	return has_shape(text) && ends_well(text) &&
	       !g_str_has_prefix(text, "ff-") &&
	       !is_zero(text + TRACE_AT, TRACE_ID_LENGTH) &&
	       !is_zero(text + PARENT_AT, PARENT_LENGTH);
}

void
trace_read(const struct header *header, char id[static TRACE_ID_LENGTH + 1])
{
	const struct header_field *field = header_find(header, FIELD);
	bool taken = field != NULL && header_count(header, FIELD) == 1 &&
		     is_valid(field->body);

	g_strlcpy(id, taken ? field->body + TRACE_AT : "", TRACE_ID_LENGTH + 1);
}
