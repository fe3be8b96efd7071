/* SPDX-License-Identifier: MIT */
#include "xtext.h"

#include <glib.h>
#include <stdbool.h>

/* Digits are in upper case (RFC 3461 4); -1: it is none. */
static int
read_digit(char c)
{
	return g_ascii_islower(c) ? -1 : g_ascii_xdigit_value(c);
}

/* hexchar = "+" and two digits; 0: it is none, or a NUL. */
static char
read_octet(const char *at, const char *end)
{
	int high, low;

	if (end - at < 3)
		return '\0';
	high = read_digit(at[1]);
	low = read_digit(at[2]);
	if (high < 0 || low < 0)
		return '\0';
	return (char)(high << 4 | low);
}

/* xchar of RFC 3461 4 */
static bool
is_plain(char c)
{
	return c > ' ' && c <= '~' && c != '+' && c != '=';
}

char *
xtext_decode(const char *text, size_t length)
{
	g_autofree char *octets = g_malloc(length + 1);
	const char *end = text + length;
	char *to = octets;

	while (text < end) {
		bool coded = *text == '+';

		if (!coded && !is_plain(*text))
			return NULL;
		*to = coded ? read_octet(text, end) : *text;
		if (*to++ == '\0')
			return NULL;
		text += coded ? 3 : 1;
	}
	*to = '\0';
	return g_steal_pointer(&octets);
}
