/* SPDX-License-Identifier: MIT */
/*
 * The parts of a mail as its MIME structure has them (RFC 2045 2.4), for people
 * who look at it.  Found by its lines alone, so that no mail harms anybody by
 * being looked at, and in memory that its size does not change; a nested
 * message is one part.  Plain data; any thread that may read the disk.
 */
#ifndef MAIL_PARTS_H
#define MAIL_PARTS_H

#include "mail/message.h"

struct parts_one {
	unsigned level;    /* 0: the mail itself; its parts are of level 1 */
	bool multipart;    /* what follows of the next level is within it */
	char *type;        /* "text/plain", lower case; never NULL */
	char *charset;     /* NULL: none */
	char *name;        /* file name, UTF-8, no path; NULL: none */
	char *content_id;  /* without <>; NULL: none */
	char *disposition; /* lower case; NULL: none */
	enum part_encoding encoding;
	uint64_t offset;       /* of the encoded content in the spool */
	uint64_t length;       /* 0 of a multipart */
	uint64_t decoded_size; /* what decoding gives, exactly */
};

struct parts {
	GArray *list; /* struct parts_one, in order; the first is the mail */
	const char *opaque; /* a literal: why nothing within was looked at;
			     * NULL: all was */
};

/* NULL and errno when the spool cannot be read. */
struct parts *parts_read(const struct spool *spool);
void parts_free(struct parts *parts);

/* A text longer than this is not shown as one. */
#define PARTS_TEXT_MAX ((uint64_t)1024 * 1024)

/* The text of a part that is one, of PARTS_TEXT_MAX at most, decoded: UTF-8,
 * line ends LF; new.  NULL and errno when the mail cannot be read. */
GBytes *parts_text(const struct spool *spool, const struct parts_one *one);

/* Its content decoded: a sealed spool, counted.  NULL and errno when the mail
 * cannot be read, or the content not be kept in `place`. */
struct spool *parts_decode(const struct spool *spool,
    const struct parts_one *one, const struct spool_place *place);

#endif
