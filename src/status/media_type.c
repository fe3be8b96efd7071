/* SPDX-License-Identifier: MIT */
#include "media_type.h"

#include <glib.h>
#include <string.h>

bool
media_type_is(const char *field, const char *type)
{
	size_t length = strlen(type);

	if (field == NULL || g_ascii_strncasecmp(field, type, length) != 0)
		return false;
	field += length;
	field += strspn(field, " \t");
	return *field == '\0' || *field == ';';
}
