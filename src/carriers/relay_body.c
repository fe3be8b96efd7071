/* SPDX-License-Identifier: MIT */
#include "relay_body.h"

#include <errno.h>

void
relay_body_open(struct relay_body *body, struct segments *segments)
{
	if (segments != NULL)
		body->reader = segment_reader_new(segments);
}

void
relay_body_close(struct relay_body *body)
{
	g_clear_pointer(&body->reader, segment_reader_free);
	g_clear_pointer(&body->fault, g_free);
}

/* What is wrong with the next octet, or NULL. */
static const char *
check_octet(struct relay_body *body, char octet)
{
	bool cr = body->cr;

	body->cr = octet == '\r';
	if (cr != (octet == '\n'))
		return cr ? "a CR without LF" : "an LF without CR";
	if (octet == '\0')
		return "a NUL";
	return NULL;
}

static bool
check_block(struct relay_body *body, const char *bytes, size_t length)
{
	uint64_t start = relay_body_given(body) - length;

	for (size_t i = 0; i < length; i++) {
		const char *fault = check_octet(body, bytes[i]);

		if (fault == NULL)
			continue;
		body->fault = g_strdup_printf("the mail has %s at byte "
					      "%" G_GUINT64_FORMAT
					      ", which must not be sent by "
					      "SMTP",
		    fault, start + i);
		return false;
	}
	return true;
}

/* The end is where a CR can no longer be followed. */
static void
end_body(struct relay_body *body)
{
	if (body->cr)
		body->fault = g_strdup("the mail ends with a CR without LF, "
				       "which must not be sent by SMTP");
	else
		body->ended = true;
}

static ssize_t
read_some(struct relay_body *body, char *buffer, size_t size)
{
	ssize_t given;

	if (body->reader == NULL)
		return 0;
	errno = 0;
	given = segment_reader_read(body->reader, buffer, size);
	if (given < 0)
		body->fault =
		    g_strdup_printf("the mail could not be read "
				    "after %" G_GUINT64_FORMAT " bytes: %s",
			relay_body_given(body), g_strerror(errno));
	else if (!check_block(body, buffer, (size_t)given))
		return -1;
	return given;
}

/* Full blocks: with BDAT each may cost a round trip. */
size_t
relay_body_read(struct relay_body *body, char *buffer, size_t size)
{
	size_t filled = 0;
	ssize_t given = 1;

	if (body->fault != NULL || body->ended)
		return 0;
	while (given > 0 && filled < size) {
		given = read_some(body, buffer + filled, size - filled);
		filled += given > 0 ? (size_t)given : 0;
	}
	if (given < 0)
		return 0;
	if (filled == 0)
		end_body(body);
	return filled;
}

uint64_t
relay_body_given(const struct relay_body *body)
{
	return body->reader != NULL ? segment_reader_given(body->reader) : 0;
}
