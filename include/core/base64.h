/* SPDX-License-Identifier: MIT */
/*
 * Base64 read as strictly as it should be (RFC 4648 3.3), in pieces of any
 * size.  Plain values.
 */
#ifndef CORE_BASE64_H
#define CORE_BASE64_H

#include <glib.h>
#include <stdbool.h>

/* What may stand there beside the 65 characters. */
enum base64_leave {
	BASE64_STRICT, /* nothing */
	BASE64_LINES,  /* CR, LF, tab and blank, which stand for nothing */
	BASE64_FORM,   /* CR, LF and tab; a blank is a + that nobody encoded */
};

/* Starts from zero but for leave. */
struct base64 {
	enum base64_leave leave;
	bool broken;
	unsigned padding;
	guint64 symbols;
	gint state;
	guint save;
};

/* Bytes that so many characters decode to, at most. */
#define BASE64_ROOM(length) ((length) / 4 * 3 + 6)

/* Decodes the next characters into out, which has BASE64_ROOM(length) bytes.
 * Returns how many there are. */
size_t base64_feed(
    struct base64 *base64, const char *text, size_t length, void *out);

/* After the last: true when all of it was base64. */
bool base64_is_whole(const struct base64 *base64);

#endif
