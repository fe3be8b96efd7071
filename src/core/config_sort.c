/* SPDX-License-Identifier: MIT */
#include "core/config.h"

#include <string.h>

/* The N of "FILE:N: TEXT"; what has none comes after all that have. */
static guint64
read_line(const char *error)
{
	const char *end = strstr(error, ": ");
	const char *digits = end;
	g_autofree char *text = NULL;
	guint64 line;

	while (digits != NULL && digits > error && g_ascii_isdigit(digits[-1]))
		digits--;
	if (digits == end || digits <= error || digits[-1] != ':')
		return G_MAXUINT64;
	text = g_strndup(digits, (gsize)(end - digits));
	return g_ascii_string_to_unsigned(text, 10, 1, G_MAXUINT32, &line, NULL)
		   ? line
		   : G_MAXUINT64;
}

static int
compare_errors(const void *a, const void *b)
{
	guint64 one = read_line(*(char *const *)a);
	guint64 other = read_line(*(char *const *)b);

	return one < other ? -1 : one > other;
}

void
config_sort_errors(GPtrArray *errors)
{
	g_ptr_array_sort(errors, compare_errors);
}
