/* SPDX-License-Identifier: MIT */
#include "octets.h"

#include "fold.h"

#include <string.h>

static void
check_utf8(struct octets *octets, const char *at, const char *end)
{
	const char *stop;

	while (octets->held_length > 0 && at < end) {
		gunichar c;

		octets->held[octets->held_length++] = *at++;
		c = g_utf8_get_char_validated(
		    octets->held, (gssize)octets->held_length);
		octets->other |= c == (gunichar)-1;
		if (c != (gunichar)-2)
			octets->held_length = 0;
	}
	if (g_utf8_validate_len(at, (gsize)(end - at), &stop))
		return;
	if (g_utf8_get_char_validated(stop, end - stop) != (gunichar)-2) {
		octets->other = true;
		return;
	}
	octets->held_length = (unsigned)(end - stop);
	memcpy(octets->held, stop, octets->held_length);
}

void
octets_look(struct octets *octets, const struct line *line)
{
	const char *bytes = (const char *)line->bytes;
	unsigned char sum = 0;
	size_t wide = 0;

	for (size_t i = 0; i < line->length; i++) {
		sum |= line->bytes[i];
		wide += line->bytes[i] >> 7;
	}
	octets->count += line->length;
	octets->wide += wide;
	octets->eightbit |= sum > 0x7f;
	if (!octets->other && (sum > 0x7f || octets->held_length > 0))
		check_utf8(octets, bytes, bytes + line->length);
	octets->column += (uint32_t)(line->length - lines_end(line));
	octets->long_lines |= octets->column > FOLD_LINE_MAX;
	if (line->ends)
		octets->column = 0;
}

void
octets_end(struct octets *octets)
{
	octets->other |= octets->held_length > 0;
}
