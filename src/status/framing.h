/* SPDX-License-Identifier: MIT */
/*
 * The framing of a request: where its body ends, and whose word counts.  What a
 * proxy in front of us could read in another way than we do (RFC 9112 11.2) is
 * refused, and the connection with it.  Pure.
 */
#ifndef STATUS_FRAMING_H
#define STATUS_FRAMING_H

#include "status.h"

/* Of the fields that may stand once. */
#define FRAMING_FIELDS 6

/* All zero: no field was read. */
struct framing {
	unsigned seen[FRAMING_FIELDS];
	bool chunked; /* Transfer-Encoding says so, and nothing else */
	bool strange; /* a name that is none (RFC 9110 5.1) */
};

/* The next field of the head; value NULL: it has none. */
void framing_read(struct framing *framing, const char *name, const char *value);

/* True when all was clear; else the answer, empty before, says what was not:
 * 400, the last of its connection. */
bool framing_is_clear(
    const struct framing *framing, struct status_answer *answer);

#endif
