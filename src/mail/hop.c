/* SPDX-License-Identifier: MIT */
#include "hop.h"

#include <glib.h>
#include <string.h>

/* A run of blanks and line ends counts as one blank. */
static const char before[] = " by ";
static const char behind[] = " (postferry)";

#define BEFORE (sizeof(before) - 1)
#define BEHIND (sizeof(behind) - 1)

void
hop_start(struct hop *hop, const char *name)
{
	*hop = (struct hop){ .name = name,
		.length = name != NULL ? strlen(name) : 0 };
}

void
hop_begin(struct hop *hop)
{
	hop->matched = 0;
	hop->blank = false;
	hop->here = false;
}

/* The character that is looked for next. */
static char
find_wanted(const struct hop *hop)
{
	size_t at = hop->matched;

	if (at < BEFORE)
		return before[at];
	at -= BEFORE;
	return at < hop->length ? hop->name[at] : behind[at - hop->length];
}

/* Of what is looked for only a blank can be its beginning once more. */
static void
take_character(struct hop *hop, char c)
{
	if (g_ascii_tolower(c) != g_ascii_tolower(find_wanted(hop)))
		hop->matched = hop->blank ? 1 : 0;
	if (g_ascii_tolower(c) == g_ascii_tolower(find_wanted(hop)))
		hop->matched++;
	else
		hop->matched = 0;
	if (hop->matched < BEFORE + hop->length + BEHIND)
		return;
	hop->found += !hop->here;
	hop->here = true;
	hop->matched = 0;
}

void
hop_take(struct hop *hop, const unsigned char *bytes, size_t length)
{
	if (hop->name == NULL)
		return;
	for (size_t i = 0; i < length; i++) {
		bool blank = g_ascii_isspace(bytes[i]);

		if (!blank || !hop->blank)
			take_character(hop, blank ? ' ' : (char)bytes[i]);
		hop->blank = blank;
	}
}
