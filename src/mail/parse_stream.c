/* SPDX-License-Identifier: MIT */
#include "parse_stream.h"

#include <gmime/gmime.h>
#include <stdio.h>

struct cursor {
	const struct spool *spool;
	off64_t at;
};

static ssize_t
on_read(void *object, char *bytes, size_t length)
{
	struct cursor *cursor = object;
	ssize_t taken =
	    spool_read(cursor->spool, (uint64_t)cursor->at, bytes, length);

	if (taken > 0)
		cursor->at += taken;
	return taken;
}

static int
on_seek(void *object, off64_t *offset, int whence)
{
	struct cursor *cursor = object;
	off64_t base = 0;

	if (whence == SEEK_CUR)
		base = cursor->at;
	else if (whence == SEEK_END)
		base = (off64_t)spool_size(cursor->spool);
	if (base + *offset < 0)
		return -1;
	*offset = cursor->at = base + *offset;
	return 0;
}

static int
on_close(void *object)
{
	g_free(object);
	return 0;
}

GMimeStream *
parse_stream_new(const struct spool *spool, uint64_t offset)
{
	static const cookie_io_functions_t functions = {
		.read = on_read,
		.seek = on_seek,
		.close = on_close,
	};
	struct cursor *cursor = g_new0(struct cursor, 1);
	FILE *file;

	cursor->spool = spool;
	file = fopencookie(cursor, "r", functions);
	g_assert(file != NULL);
	return g_mime_stream_file_new_with_bounds(
	    file, (gint64)offset, (gint64)spool_size(spool));
}
