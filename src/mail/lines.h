/* SPDX-License-Identifier: MIT */
/*
 * The lines of a range of the spool, one after the other, without more of it in
 * memory than a buffer.  Plain values; one pass.
 */
#ifndef MAIL_LINES_H
#define MAIL_LINES_H

#include "mail/spool.h"

/* A line up to this length, its end included, comes in one piece. */
#define LINES_WHOLE 1024

struct line {
	const unsigned char *bytes; /* until the next call */
	size_t length;              /* with its LF */
	uint64_t offset;            /* in the spool */
	bool starts;                /* the line begins with it */
	bool ends;                  /* and has its LF here */
};

struct lines {
	const struct spool *spool;
	uint64_t at, end; /* of what is not yet in the buffer */
	size_t from, held;
	bool starts;
	bool failed; /* the spool could not be read: no more lines come */
	unsigned char buffer[16 * 1024];
};

void lines_start(struct lines *lines, const struct spool *spool,
    uint64_t offset, uint64_t end);

/* The next line, or the next piece of one that is longer than LINES_WHOLE; a
 * CR stays with the LF behind it.  False at the end. */
bool lines_next(struct lines *lines, struct line *line);

/* Octets of the line's end that are in this piece: 0, 1 or 2. */
unsigned lines_end(const struct line *line);

#endif
