/* SPDX-License-Identifier: MIT */
/*
 * The two ways in which a body's bytes are changed on their way out: lines over
 * 998 octets are folded (RFC 5322 2.1.1), and what goes into a JSON string is
 * escaped.  The limiter has counted both while the mail came in, so the length
 * is known before a byte is read; what is done here must agree with that count
 * to the byte.
 */
#ifndef MAIL_FOLD_H
#define MAIL_FOLD_H

#include <stddef.h>
#include <stdint.h>

#define FOLD_LINE_MAX 998

/* What a fold adds: CR LF SP, and in a JSON string \r \n SP. */
#define FOLD_BYTES      3
#define FOLD_JSON_BYTES 5

/* Copies bytes, CR LF SP after the first 998 octets of a line and after each
 * further 997.  *column is the octets of the open line, 0 at the start; out has
 * room for length + 3 * (length / 997 + 1).  Returns the bytes put there. */
size_t fold_bytes(uint32_t *column, const unsigned char *in, size_t length,
    unsigned char *out);

/* Copies bytes as the inside of a JSON string (RFC 8259 7): " and \ and CR LF
 * TAB BS FF as two bytes, other controls and DEL as six, all else as it is.
 * out has room for 6 * length.  Returns the bytes put there. */
size_t fold_json(const unsigned char *in, size_t length, unsigned char *out);

/* What fold_json() would return. */
size_t fold_json_size(const unsigned char *in, size_t length);

#endif
