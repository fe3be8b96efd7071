/* SPDX-License-Identifier: MIT */
/*
 * The skeleton of a mail: how many parts, how deep, how many boundary
 * comparisons a MIME parser would come to, known without being one.  Where it
 * is not sure it counts too much, never too little: what passes a limit, or
 * cannot be read plainly, is opaque, and from there on nothing is looked at.
 */
#ifndef MAIL_SKELETON_H
#define MAIL_SKELETON_H

#include "block.h"

/* Of a boundary without its two dashes; RFC 2046 5.1.1 allows 70. */
#define SKELETON_BOUNDARY_MAX 200
/* Open multiparts and messages that are followed, whatever the limit. */
#define SKELETON_LEVELS 32
/* Of a line that may be a boundary, when it comes in pieces. */
#define SKELETON_LINE_MAX (SKELETON_BOUNDARY_MAX + 8)

/* As those of limiter.h, for the headers of parts and for all of it. */
struct skeleton_limits {
	uint32_t header_bytes;
	uint32_t header_fields;
	uint32_t field_bytes;
	uint32_t content_bytes;
	uint32_t colons;
	uint32_t parts;
	uint32_t depth;
	uint64_t comparisons;
};

struct skeleton_level {
	bool digest;     /* its parts are messages unless they say otherwise */
	uint32_t length; /* of the boundary; 0: a message within the mail */
	char boundary[SKELETON_BOUNDARY_MAX];
};

struct skeleton {
	struct skeleton_limits limits;
	const char *opaque; /* NULL, or why: a literal */
	uint32_t parts;
	uint64_t fields; /* of all inner headers */
	uint64_t comparisons;

	/* the line under way, as far as it may be a boundary */
	bool at_start;
	bool dashes;          /* it begins with a dash */
	bool skip;            /* it broke a header: nothing more in it */
	uint32_t line_length; /* all of it, kept or not */
	unsigned char line[SKELETON_LINE_MAX];

	bool in_header; /* of a part or inner message: block is its header */
	struct block block;

	uint32_t depth;
	struct skeleton_level levels[SKELETON_LEVELS];
};

void skeleton_start(
    struct skeleton *skeleton, const struct skeleton_limits *limits);

/* The limits that hold for any header block, top or inner. */
void skeleton_check(struct skeleton *skeleton, const struct block *block);

/* The top header is complete: what follows is its body. */
void skeleton_open(struct skeleton *skeleton, const struct block *block);

/* A piece of a line of the body; `ends` says that it holds the line's end. */
void skeleton_take(struct skeleton *skeleton, const unsigned char *bytes,
    size_t length, bool ends);

/* True while there is something to look for in the body. */
static inline bool
skeleton_wants(const struct skeleton *skeleton)
{
	return skeleton->opaque == NULL &&
	       (skeleton->depth > 0 || skeleton->in_header);
}

#endif
