/* SPDX-License-Identifier: MIT */
/*
 * The top header block of a mail as bytes: its fields in order, with where
 * each lies.  Made without GMime, so it works for opaque mail too, and is what
 * raw sending edits.  Immutable; any thread.
 */
#ifndef MAIL_HEADER_H
#define MAIL_HEADER_H

#include "mail/limiter.h"
#include "mail/spool.h"

struct header_field {
	const char *name; /* as written, NUL-terminated; "": malformed, with
			   * control or 8-bit bytes */
	const char *body; /* raw: after the colon (all of it, name and colon,
			   * when the name is malformed), unfolded (RFC 5322
			   * 2.2.3), blanks at both ends removed; bytes as they
			   * came */
	uint64_t offset;  /* in the spool, of the field's first byte */
	uint64_t length;  /* with the CRLF of its last line */
	uint32_t longest; /* octets of its longest line, without CRLF */
};

struct header {
	GArray *fields; /* struct header_field, in order */
	uint64_t start; /* offset of the block: behind a mbox "From " line */
	uint64_t end;   /* offset of the first byte of the body */
	GBytes *block;  /* from start to end, as it came */
	GStringChunk *texts;
};

/* Reads the block that the limiter found.  A line that is no field and no
 * continuation has ended the block there (seen->header_broken); one that is
 * here all the same belongs to the field before it, or to a field without a
 * name.  NULL and errno when the spool cannot be read. */
struct header *header_read(
    const struct spool *spool, const struct limiter_seen *seen);
void header_free(struct header *header);

/* The bytes of the field as they came, field->length of them. */
const char *header_bytes(
    const struct header *header, const struct header_field *field);

/* The name of a field without one as others may read it: the printable ASCII of
 * what stands before the colon.  New string. */
char *header_guess_name(const struct header_field *field);

/* The first field of this name without case, or NULL. */
const struct header_field *header_find(
    const struct header *header, const char *name);

/* How many fields have this name. */
unsigned header_count(const struct header *header, const char *name);

#endif
