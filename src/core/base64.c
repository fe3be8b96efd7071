/* SPDX-License-Identifier: MIT */
#include "core/base64.h"

#include <string.h>

/* The character that is meant; NUL: none. */
static char
read_symbol(struct base64 *base64, char c)
{
	if (c == ' ' && base64->leave == BASE64_FORM)
		c = '+';
	if (base64->leave != BASE64_STRICT && c != '\0' &&
	    strchr(" \t\r\n", c) != NULL)
		return '\0';
	base64->symbols++;
	if (c == '=')
		base64->padding++;
	else if (base64->padding > 0 ||
		 (!g_ascii_isalnum(c) && c != '+' && c != '/'))
		base64->broken = true;
	return c;
}

size_t
base64_feed(struct base64 *base64, const char *text, size_t length, void *out)
{
	guchar *at = out;

	for (size_t i = 0; i < length; i++) {
		char c = read_symbol(base64, text[i]);

		if (c != '\0')
			at += g_base64_decode_step(
			    &c, 1, at, &base64->state, &base64->save);
	}
	return (size_t)(at - (guchar *)out);
}

bool
base64_is_whole(const struct base64 *base64)
{
	return !base64->broken && base64->symbols % 4 == 0 &&
	       base64->padding <= 2;
}
