/* SPDX-License-Identifier: MIT */
/*
 * The body of a mail on its way into libESMTP, block by block, with the last
 * check of what leaves by SMTP: libESMTP stuffs dots after CRLF only, so a
 * lone CR or LF could end the mail early and begin another (RFC 5321 2.3.8).
 * How long lines may be is settled before (mail/raw.h).  The session's thread.
 */
#ifndef RELAY_BODY_H
#define RELAY_BODY_H

#include "mail/segment.h"

struct relay_body {
	struct segment_reader *reader;
	bool ended;  /* all of it was given */
	char *fault; /* why it was broken off; NULL: it was not */
	bool cr;     /* the last one was CR */
};

/* Once; segments may be NULL (nothing is sent). */
void relay_body_open(struct relay_body *body, struct segments *segments);
void relay_body_close(struct relay_body *body);

/* Fills the buffer.  Returns the bytes in it; 0 at the end (ended is true) or
 * when the mail must be broken off (fault is set). */
size_t relay_body_read(struct relay_body *body, char *buffer, size_t size);

uint64_t relay_body_given(const struct relay_body *body);

#endif
