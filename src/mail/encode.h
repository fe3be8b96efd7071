/* SPDX-License-Identifier: MIT */
/*
 * How the bytes of a content leave, as a stream: the counterpart of decode.h.
 * Plain values; never fails.
 */
#ifndef MAIL_ENCODE_H
#define MAIL_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum encode_form {
	ENCODE_PLAIN,  /* as they are */
	ENCODE_FOLDED, /* lines over 998 octets broken with CRLF SP (fold.h) */
	ENCODE_QUOTED, /* quoted-printable of lines that end with CRLF */
	ENCODE_LINES,  /* base64 in lines of 76, each ended with CRLF */
	ENCODE_BASE64, /* base64 without a break */
};

/* What encode_bytes() and encode_end() give at most of so many bytes. */
#define ENCODE_ROOM(length) ((length)*13 / 4 + 64)

struct encode {
	enum encode_form form;
	uint32_t column;       /* octets of the open line */
	unsigned char held[2]; /* quoted-printable: a blank, a CR, or both,
				* that may yet be the end of a line */
	unsigned held_length;
	int base64_state, base64_save;
};

void encode_start(struct encode *encode, enum encode_form form);

/* Takes length bytes; out has ENCODE_ROOM(length).  Returns the bytes put
 * there. */
size_t encode_bytes(struct encode *encode, const unsigned char *in,
    size_t length, unsigned char *out);

/* The content is over; out has ENCODE_ROOM(0). */
size_t encode_end(struct encode *encode, unsigned char *out);

#endif
