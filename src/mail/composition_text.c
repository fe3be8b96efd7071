/* SPDX-License-Identifier: MIT */
#include "composition_text.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#define PIECE 16384

/* The longest beginning of a character that may stand at the end of a piece. */
#define RAGGED_MAX 3

struct reader {
	const struct spool *spool;
	uint64_t at;
	char bytes[PIECE + RAGGED_MAX];
	size_t length;
	int fault; /* errno; 0: none */
};

/* The next piece behind what is kept of the last; false at the end. */
static bool
read_piece(struct reader *reader, size_t kept)
{
	ssize_t got =
	    spool_read(reader->spool, reader->at, reader->bytes + kept, PIECE);

	if (got < 0 || (got == 0 && reader->at < spool_size(reader->spool)))
		reader->fault = got < 0 ? errno : EIO;
	if (got <= 0)
		return false;
	reader->at += (uint64_t)got;
	reader->length = kept + (size_t)got;
	return true;
}

/* ---- what is in it ---- */

/* Bytes at the end of the piece that begin a character; UINT_MAX: it is no
 * UTF-8. */
static unsigned
measure_ragged(const struct reader *reader)
{
	const char *end = NULL, *stop = reader->bytes + reader->length;

	/* a NUL is valid to us: it is looked for by itself */
	for (const char *at = reader->bytes; at < stop; at = end + 1) {
		if (g_utf8_validate_len(at, (gsize)(stop - at), &end))
			return 0;
		if (*end == '\0')
			continue;
		if (g_utf8_get_char_validated(end, stop - end) == (gunichar)-2)
			return (unsigned)(stop - end);
		return UINT_MAX;
	}
	return 0;
}

static void
look(struct composition_text *text, const char *bytes, size_t length,
    uint64_t *column)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)bytes[i];
		bool ends = c == '\r' || c == '\n';

		*column = ends ? 0 : *column + 1;
		text->longest = MAX(text->longest, *column);
		text->eightbit += c > 0x7f;
		text->nul |= c == '\0';
		text->control |=
		    c == 0x7f || (c < ' ' && !ends && c != '\t' && c != '\f');
	}
}

bool
composition_text_read(const struct spool *spool, struct composition_text *text)
{
	g_autofree struct reader *reader = g_new(struct reader, 1);
	uint64_t column = 0;
	unsigned ragged = 0;

	*text = (struct composition_text){ .utf8 = true };
	*reader = (struct reader){ .spool = spool };
	while (read_piece(reader, ragged)) {
		look(text, reader->bytes + ragged, reader->length - ragged,
		    &column);
		ragged = text->utf8 ? measure_ragged(reader) : 0;
		if (ragged > RAGGED_MAX) {
			text->utf8 = false;
			ragged = 0;
		}
		memmove(reader->bytes, reader->bytes + reader->length - ragged,
		    ragged);
	}
	text->utf8 &= ragged == 0;
	errno = reader->fault;
	return reader->fault == 0;
}

/* ---- its bytes ---- */

struct cursor {
	struct reader reader;
	const char *newline; /* what is to stand for each line end */
	const char *rest;    /* of one that did not fit */
	size_t next;         /* in the piece */
	off64_t given;       /* bytes */
	bool behind;         /* a CR: its LF says nothing */
};

static void
rewind_cursor(struct cursor *cursor)
{
	cursor->reader.at = 0;
	cursor->reader.length = 0;
	cursor->next = 0;
	cursor->given = 0;
	cursor->rest = "";
	cursor->behind = false;
}

/* The next byte of the text; -1: none. */
static int
take_byte(struct cursor *cursor)
{
	struct reader *reader = &cursor->reader;

	if (cursor->next == reader->length) {
		cursor->next = 0;
		reader->length = 0;
		if (!read_piece(reader, 0))
			return -1;
	}
	return (unsigned char)reader->bytes[cursor->next++];
}

static size_t
fill(struct cursor *cursor, char *out, size_t length)
{
	size_t filled = 0;

	while (filled < length) {
		int byte;

		if (*cursor->rest != '\0') {
			out[filled++] = *cursor->rest++;
			continue;
		}
		byte = take_byte(cursor);
		if (byte < 0)
			break;
		if (byte == '\r' || (byte == '\n' && !cursor->behind))
			cursor->rest = cursor->newline;
		else if (byte != '\n')
			out[filled++] = (char)byte;
		cursor->behind = byte == '\r';
	}
	cursor->given += (off64_t)filled;
	return filled;
}

static ssize_t
on_read(void *object, char *bytes, size_t length)
{
	struct cursor *cursor = object;
	size_t filled = fill(cursor, bytes, length);

	if (filled > 0 || cursor->reader.fault == 0)
		return (ssize_t)filled;
	errno = cursor->reader.fault;
	return -1;
}

/* GMime begins with it, and goes to where it is before each read. */
static int
on_seek(void *object, off64_t *offset, int whence)
{
	struct cursor *cursor = object;
	off64_t wanted = *offset + (whence == SEEK_CUR ? cursor->given : 0);
	char skipped[256];

	if (whence == SEEK_END || wanted < 0)
		return -1;
	if (wanted < cursor->given)
		rewind_cursor(cursor);
	while (cursor->given < wanted) {
		size_t left = (size_t)(wanted - cursor->given);

		if (fill(cursor, skipped, MIN(left, sizeof skipped)) == 0)
			return -1;
	}
	*offset = wanted;
	return 0;
}

static int
on_close(void *object)
{
	g_free(object);
	return 0;
}

FILE *
composition_text_open(const struct spool *spool, const char *newline)
{
	static const cookie_io_functions_t functions = {
		.read = on_read,
		.seek = on_seek,
		.close = on_close,
	};
	struct cursor *cursor = g_new0(struct cursor, 1);
	FILE *file;

	cursor->reader.spool = spool;
	cursor->newline = newline;
	rewind_cursor(cursor);
	file = fopencookie(cursor, "r", functions);
	g_assert(file != NULL);
	return file;
}
