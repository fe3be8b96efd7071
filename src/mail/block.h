/* SPDX-License-Identifier: MIT */
/*
 * A header block as it streams by: finds its fields and its end, and measures
 * what a parser would have to hold.  Fed line by line, each line in any number
 * of pieces; used for the top header and for those of parts alike.
 */
#ifndef MAIL_BLOCK_H
#define MAIL_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Enough to tell every field name that matters from others. */
#define BLOCK_NAME_MAX 32
/* Of a Content-Type that is kept to look for its boundary. */
#define BLOCK_TYPE_MAX 2048

enum block_state {
	BLOCK_OPEN,   /* the line belongs to the block */
	BLOCK_ENDED,  /* the line was empty: it is the block's last */
	BLOCK_BROKEN, /* the line is no field: it is the body's first */
};

enum block_kind {
	BLOCK_OTHER,
	BLOCK_ADDRESS, /* From Sender Reply-To To Cc Bcc and Resent- */
	BLOCK_CONTENT, /* Content-... */
	BLOCK_TYPE,    /* Content-Type */
	BLOCK_RECEIVED,
	BLOCK_ORDER, /* X-Postferry-... */
};

/* Where the line under way is. */
enum block_place {
	BLOCK_LINE_START,
	BLOCK_LINE_NAME,  /* in the name, odd bytes and all */
	BLOCK_LINE_COLON, /* in blanks between name and colon (RFC 5322 4.5) */
	BLOCK_LINE_VALUE,
	BLOCK_LINE_RETURN, /* a CR as first byte */
};

struct block {
	enum block_place place;
	uint64_t bytes;    /* of the whole block */
	uint32_t fields;   /* begun in it */
	uint32_t received; /* of them Received */
	uint32_t types;    /* of them Content-Type */

	/* the field under way */
	enum block_kind kind;
	uint64_t field_bytes;
	uint32_t colons; /* after the first, in an address field */
	bool malformed;  /* odd bytes in the name: it is nobody's */
	uint32_t name_length;
	char name[BLOCK_NAME_MAX];

	/* the first Content-Type: unfolded, lower case but for the boundary */
	uint32_t type_length; /* all of it, kept or not */
	char type[BLOCK_TYPE_MAX];
};

/* Starts a new block. */
void block_start(struct block *block);

/* Takes a piece of a line; `ends` says that it holds the line's end. Pieces
 * of a line that was BLOCK_BROKEN are not given any more. */
enum block_state block_take(
    struct block *block, const unsigned char *bytes, size_t length, bool ends);

#endif
