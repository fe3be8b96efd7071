/* SPDX-License-Identifier: MIT */
#include "lines.h"

#include <string.h>

void
lines_start(struct lines *lines, const struct spool *spool, uint64_t offset,
    uint64_t end)
{
	lines->spool = spool;
	lines->at = offset;
	lines->end = end;
	lines->from = lines->held = 0;
	lines->starts = true;
	lines->failed = false;
}

/* Makes the buffer as full as it can be. */
static void
fill(struct lines *lines)
{
	memmove(lines->buffer, lines->buffer + lines->from, lines->held);
	lines->from = 0;
	while (lines->at < lines->end && lines->held < sizeof lines->buffer) {
		size_t room = sizeof lines->buffer - lines->held;
		ssize_t taken = spool_read(lines->spool, lines->at,
		    lines->buffer + lines->held,
		    (size_t)MIN(room, lines->end - lines->at));

		if (taken <= 0) {
			lines->failed = true;
			lines->end = lines->at;
			return;
		}
		lines->held += (size_t)taken;
		lines->at += (uint64_t)taken;
	}
}

bool
lines_next(struct lines *lines, struct line *line)
{
	const unsigned char *newline;

	if (lines->held < LINES_WHOLE && lines->at < lines->end)
		fill(lines);
	if (lines->held == 0)
		return false;
	line->bytes = lines->buffer + lines->from;
	newline = memchr(line->bytes, '\n', lines->held);
	line->ends = newline != NULL;
	line->length =
	    newline == NULL ? lines->held : (size_t)(newline - line->bytes) + 1;
	if (!line->ends && line->length > 1 && lines->at < lines->end &&
	    line->bytes[line->length - 1] == '\r')
		line->length--;
	line->offset = lines->at - lines->held;
	line->starts = lines->starts;
	lines->starts = line->ends;
	lines->from += line->length;
	lines->held -= line->length;
	return true;
}

unsigned
lines_end(const struct line *line)
{
	if (!line->ends)
		return 0;
	return line->length > 1 && line->bytes[line->length - 2] == '\r' ? 2
									 : 1;
}
