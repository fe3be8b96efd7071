/* SPDX-License-Identifier: MIT */
#include "diagnosis.h"

#include <glib.h>

/* No part of an address or of another number. */
#define ALONE(WHAT) "(?<![\\d.])(" WHAT ")(?!\\.?\\d)"

static char *
find(const char *pattern, const char *text)
{
	g_autoptr(GRegex) regex = g_regex_new(pattern, 0, 0, NULL);
	g_autoptr(GMatchInfo) match = NULL;

	if (text == NULL || !g_regex_match(regex, text, 0, &match))
		return NULL;
	return g_match_info_fetch(match, 1);
}

unsigned
diagnosis_status(const char *text)
{
	g_autofree char *status = find(ALONE("[245]\\d\\d"), text);

	return status != NULL ? (unsigned)g_ascii_strtoull(status, NULL, 10)
			      : 0;
}

char *
diagnosis_enhanced(const char *text)
{
	return find(ALONE("[245]\\.\\d{1,3}\\.\\d{1,3}"), text);
}
