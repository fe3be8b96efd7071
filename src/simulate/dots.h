/* SPDX-License-Identifier: MIT */
/*
 * Takes the dots out of what follows DATA, byte for byte otherwise: the only
 * end is CRLF . CRLF (RFC 5321 4.1.1.4), fed in pieces of any size.
 */
#ifndef SIMULATE_DOTS_H
#define SIMULATE_DOTS_H

#include "blob.h"

enum dots_state {
	DOTS_BOL, /* at the beginning of a line, where it begins */
	DOTS_TEXT,
	DOTS_CR,
	DOTS_DOT,    /* behind a dot that begins a line */
	DOTS_DOT_CR, /* and a CR */
	DOTS_END,
};

struct dots {
	enum dots_state state;
};

/* Starts from zero: struct dots dots = { 0 }.  Appends to out; returns how many
 * bytes were taken: fewer than length when the end was there. */
size_t dots_feed(
    struct dots *dots, const char *bytes, size_t length, struct blob *out);

#endif
