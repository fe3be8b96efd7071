/* SPDX-License-Identifier: MIT */
/*
 * What the lines of a content are made of: which exits they can pass.
 */
#ifndef MAIL_OCTETS_H
#define MAIL_OCTETS_H

#include "lines.h"

struct octets {
	bool eightbit;   /* there are bytes over 0x7f */
	bool other;      /* and some are no UTF-8 */
	bool long_lines; /* there are lines over 998 octets without CRLF */

	uint64_t count; /* of all bytes */
	uint64_t wide;  /* of those over 0x7f */

	uint32_t column;
	char held[4]; /* of a character that has not ended */
	unsigned held_length;
};

/* Takes the next line, or piece of one. */
void octets_look(struct octets *octets, const struct line *line);

/* There are no more. */
void octets_end(struct octets *octets);

#endif
