/* SPDX-License-Identifier: MIT */
#include "stamp.h"
#include <glib.h>
#include <time.h>

bool
stamp_read(const char *text, double *seconds)
{
	static const char *const forms[] = { "%a, %d %b %Y %H:%M:%S %z",
		"%d %b %Y %H:%M:%S %z", "%a, %d %b %Y %H:%M:%S GMT",
		"%a, %d %b %Y %H:%M:%S UTC" };
	char *end = NULL;
	double number = g_ascii_strtod(text, &end);

	if (end != text && *end == '\0') {
		*seconds = number;
		return true;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
		struct tm parts = { 0 };

		end = strptime(text, forms[i], &parts);
		if (end == NULL || *end != '\0')
			continue;
		long east = parts.tm_gmtoff;
		*seconds = (double)(timegm(&parts) - east);
		return true;
	}
	return false;
}
