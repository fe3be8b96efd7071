/* SPDX-License-Identifier: MIT */
#include "dots.h"
#include <string.h>

/* Text up to and with the next CR goes as it is. */
static size_t
take_text(struct dots *dots, const char *bytes, size_t length, struct blob *out)
{
	const char *cr = memchr(bytes, '\r', length);
	size_t n = cr != NULL ? (size_t)(cr - bytes) + 1 : length;

	blob_append(out, bytes, n);
	if (cr != NULL)
		dots->state = DOTS_CR;
	return n;
}

static size_t
take_after_cr(struct dots *dots, char c, struct blob *out)
{
	if (c != '\n') {
		dots->state = DOTS_TEXT;
		return 0;
	}
	blob_append(out, &c, 1);
	dots->state = DOTS_BOL;
	return 1;
}

static size_t
take_at_beginning(struct dots *dots, char c)
{
	dots->state = c == '.' ? DOTS_DOT : DOTS_TEXT;
	return c == '.';
}

static size_t
take_after_dot(struct dots *dots, char c)
{
	dots->state = c == '\r' ? DOTS_DOT_CR : DOTS_TEXT;
	return c == '\r';
}

static size_t
take_after_dot_cr(struct dots *dots, char c, struct blob *out)
{
	dots->state = DOTS_END;
	if (c == '\n')
		return 1;
	blob_append(out, "\r", 1);
	dots->state = DOTS_CR;
	return 0;
}

static size_t
step(struct dots *dots, const char *bytes, size_t length, struct blob *out)
{
	switch (dots->state) {
	case DOTS_BOL:
		return take_at_beginning(dots, *bytes);
	case DOTS_TEXT:
		return take_text(dots, bytes, length, out);
	case DOTS_CR:
		return take_after_cr(dots, *bytes, out);
	case DOTS_DOT:
		return take_after_dot(dots, *bytes);
	case DOTS_DOT_CR:
		return take_after_dot_cr(dots, *bytes, out);
	case DOTS_END:
		return 0;
	}
	return 0;
}

size_t
dots_feed(struct dots *dots, const char *bytes, size_t length, struct blob *out)
{
	size_t taken = 0;

	while (taken < length && dots->state != DOTS_END)
		taken += step(dots, bytes + taken, length - taken, out);
	return taken;
}
