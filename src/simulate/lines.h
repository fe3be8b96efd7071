/* SPDX-License-Identifier: MIT */
/*
 * Looks at the lines of a raw mail as it arrives: what RFC 5321 2.3.8 and
 * 4.5.3.1.6 forbid is noted.
 */
#ifndef SIMULATE_LINES_H
#define SIMULATE_LINES_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct lines {
	unsigned char last;
	bool begun;
	size_t length; /* of the line being read, without its CRLF */

	uint64_t bare_cr, bare_lf; /* how many */
	uint64_t nul;
	uint64_t too_long; /* lines over 998 bytes */
	bool eightbit;
};

/* Starts from zero: struct lines lines = { 0 }. */
void lines_feed(struct lines *lines, const char *bytes, size_t length);

/* Adds what was wrong to notes (char *). */
void lines_note(const struct lines *lines, GPtrArray *notes);

#endif
