/* SPDX-License-Identifier: MIT */
/*
 * Decoding of a part's transfer encoding (RFC 2045 6, and uuencode) as a
 * stream.  The parser counts with it, the segment reader sends with it: one
 * decoder, so that the length that was promised is the length that leaves.
 * GMime's stops at padding in the middle of base64 and loses what follows.
 * Plain values; never fails: what cannot be read is left out and `damaged`.
 */
#ifndef MAIL_DECODE_H
#define MAIL_DECODE_H

#include "mail/message.h"

/* What a call may give beyond the bytes it took. */
#define DECODE_SLACK 132

struct decode {
	enum part_encoding encoding;
	bool damaged;   /* something was no such encoding */
	uint32_t bits;  /* base64, uuencode: of the group so far */
	unsigned count; /* digits of it */
	bool padded;    /* base64: a = was there */
	/* quoted-printable: what may yet turn out to be trailing blanks or a
	 * soft line break */
	unsigned char held[DECODE_SLACK - 4];
	unsigned held_length;
	/* uuencode: where in the file, and of the line */
	int place;
	unsigned line_left; /* bytes the line still gives */
	unsigned matched;   /* of the word that is looked for */
};

void decode_start(struct decode *decode, enum part_encoding encoding);

/* Takes length bytes; out has room for length + DECODE_SLACK.  Returns the
 * bytes put there. */
size_t decode_bytes(struct decode *decode, const unsigned char *in,
    size_t length, unsigned char *out);

/* The content is over; out has room for DECODE_SLACK. */
size_t decode_end(struct decode *decode, unsigned char *out);

#endif
