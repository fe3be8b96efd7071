/* SPDX-License-Identifier: MIT */
/*
 * The header of a part, and what it says of its content: enough to give it
 * another encoding.
 */
#ifndef MAIL_PART_HEAD_H
#define MAIL_PART_HEAD_H

#include "mail/message.h"

struct part_head {
	struct header *own;          /* owned; NULL: it is the mail's */
	const struct header *header; /* NULL: it broke off */
	uint64_t blank;              /* offset of its empty line */
	bool kept;                   /* signed: not to be touched */
	bool nested;                 /* within another message */
	bool known; /* its encoding is one that is known here */
	enum part_encoding encoding;
	char *type; /* lower case; NULL: none */
	const char *content_type;
};

/* The transfer encoding of that name, without case (RFC 2045 6.1).  False: it
 * is none that is known here, and *encoding stays. */
bool part_head_encoding(const char *word, enum part_encoding *encoding);

/* Reads type and encoding from head->header. */
void part_head_read(struct part_head *head);

/* The value of a parameter of Content-Type, which is plain or not there.  NULL:
 * none.  New string. */
char *part_head_parameter(const struct part_head *head, const char *name);

/* True when the header holds a signature of what follows. */
bool part_head_is_signed(const struct part_head *head);

void part_head_clear(struct part_head *head);

#endif
