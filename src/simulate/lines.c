/* SPDX-License-Identifier: MIT */
#include "lines.h"

#define LINE_BYTES 998

static void
end_line(struct lines *lines)
{
	if (lines->length > LINE_BYTES)
		lines->too_long++;
	lines->length = 0;
}

static void
take(struct lines *lines, unsigned char c)
{
	if (lines->last == '\r' && c != '\n')
		lines->bare_cr++;
	if (c == '\n') {
		if (lines->last != '\r')
			lines->bare_lf++;
		end_line(lines);
	} else if (c != '\r') {
		lines->length++;
	}
	if (c == '\0')
		lines->nul++;
	if (c & 0x80)
		lines->eightbit = true;
	lines->last = c;
}

void
lines_feed(struct lines *lines, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		take(lines, (unsigned char)bytes[i]);
	lines->begun |= length > 0;
}

static void
note(GPtrArray *notes, uint64_t count, const char *what)
{
	if (count > 0)
		g_ptr_array_add(notes,
		    g_strdup_printf(
			"%s in the message: %" G_GUINT64_FORMAT, what, count));
}

void
lines_note(const struct lines *lines, GPtrArray *notes)
{
	note(notes, lines->bare_cr + (lines->last == '\r'), "bare CR");
	note(notes, lines->bare_lf, "bare LF");
	note(notes, lines->nul, "NUL");
	note(notes, lines->too_long + (lines->length > LINE_BYTES),
	    "lines over 998 bytes");
	if (lines->begun && lines->last != '\n')
		g_ptr_array_add(
		    notes, g_strdup("the message does not end with CRLF"));
}
