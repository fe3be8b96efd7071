/* SPDX-License-Identifier: MIT */
/*
 * The limiter watches the bytes of a mail stream by, before any parser sees
 * them, and keeps GMime from what would crash it or eat memory: deep address
 * groups, swarms of parts and fields, endless boundary comparisons.  It is fed
 * what the DATA decoder emits, in any split, and never looks back.  What must
 * not enter at all is refused; what may be carried but not be shown to GMime
 * is marked opaque.  Where the header ends is decided here, once, for all that
 * read the mail later: at an empty line, or at the first line that is neither
 * field nor continuation (header_broken).  A field whose name holds control or
 * 8-bit bytes is malformed and is a field.  Below a break, up to the first
 * empty line, a line that begins with Bcc or Resent-Bcc refuses the mail, and
 * so does a malformed name that is one of these but for its odd bytes: to guess
 * would show the hidden recipients to all.  One session's thread, no allocation
 * after new.
 */
#ifndef MAIL_LIMITER_H
#define MAIL_LIMITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct limiter;

/* Limits; those of one listener, immutable. */
struct limiter_limits {
	uint32_t header_bytes;  /* whole top header block: 256 KiB */
	uint32_t header_fields; /* fields in it: 1,000 */
	uint32_t field_bytes;   /* one field of it: 64 KiB */
	uint32_t received;      /* Received fields: 50, RFC 5321 6.3 */
	uint32_t own_received;  /* of these with our name: 2 */
	const char *own_name;   /* that; NULL: none is ours; outlives it */
	uint32_t parts;         /* opaque over 1,000 */
	uint32_t depth;         /* opaque over 20 */
	uint32_t content_bytes; /* opaque over 8 KiB in one Content-* field */
	uint32_t colons;        /* opaque over 1,024 in one address field */
	uint64_t comparisons;   /* opaque over 5,000,000: "--" lines x depth */
};

enum limiter_verdict {
	LIMITER_OK,
	LIMITER_HEADER_BYTES,  /* 550 5.6.0 */
	LIMITER_HEADER_FIELDS, /* 550 5.6.0 */
	LIMITER_FIELD_BYTES,   /* 550 5.6.0 */
	LIMITER_HOPS,          /* 554 5.4.6 */
	LIMITER_CIRCLE,        /* 554 5.4.6 */
	LIMITER_NUL,           /* 550 5.6.0 */
	LIMITER_BCC,           /* 550 5.6.0: what was meant as a Bcc field would
				* be shown to all */
};

/* What was seen; valid after limiter_end(). */
struct limiter_seen {
	uint64_t header_end;    /* offset of the first byte of the body */
	uint64_t header_start;  /* after a leading mbox "From " line, else 0 */
	uint64_t long_lines;    /* body lines over 998 octets without CRLF */
	uint64_t folds;         /* breaks that folding them at 998 inserts */
	uint64_t body_escapes;  /* bytes that JSON escaping adds to the body */
	bool header_broken;     /* the header ended without an empty line:
				 * by a line that is no field (header_end
				 * is that line) or with the mail */
	bool bcc_inside;        /* " Bcc:" within a line of the header, or of
				 * what follows its break: a field of its own
				 * once, when a lone CR was mended to a blank */
	bool eightbit_header;   /* a byte over 0x7f in the header */
	bool eightbit_body;     /* a byte over 0x7f in the body */
	bool orders;            /* a field X-Postferry-... is in the header;
				 * known to the door alone */
	bool ends_with_newline; /* the last line is complete */
	bool opaque;            /* GMime must not see it */
	const char *opaque_why; /* a literal: what passed which limit */
};

extern const struct limiter_limits limiter_defaults;

struct limiter *limiter_new(const struct limiter_limits *limits);
void limiter_free(struct limiter *limiter);

/* Takes the next bytes.  Once a verdict is not OK it stays. */
enum limiter_verdict limiter_feed(
    struct limiter *limiter, const void *bytes, size_t length);

/* The mail is complete. */
enum limiter_verdict limiter_end(
    struct limiter *limiter, struct limiter_seen *seen);

/* One phrase for the 5xx: what was refused and the limit it passed. */
const char *limiter_text(enum limiter_verdict verdict);

#endif
