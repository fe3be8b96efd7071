/* SPDX-License-Identifier: MIT */
/*
 * A body recoded: what of it cannot pass a certain exit as it is gets another
 * transfer encoding, part by part, and all else leaves byte for byte.  Signed
 * parts, and nested messages with a signature, are never touched; nor is
 * opaque mail.  Computed by one pass over the spool, then plain data.
 */
#ifndef MAIL_RECODE_H
#define MAIL_RECODE_H

#include "segment_range.h"

/* What the exit wants. */
enum recode_need {
	RECODE_SHORT, /* no line over 998 octets */
	RECODE_HEAD,  /* besides, no byte over 0x7f in the headers of parts but
		       * of nested messages */
	RECODE_UTF8,  /* besides, none in parts either; within nested messages
		       * UTF-8 will do, so that they stay as they are */
	RECODE_SEVEN, /* besides, none anywhere */
};

struct recode_piece {
	char *text; /* this, or... */
	struct segment_range range;
};

struct recode {
	GArray *pieces; /* struct recode_piece: from the header's end on */
	char *charset;  /* that the mail names first for a text; NULL: none */

	/* the mail's own header, when its body is all one part */
	const char *encoding; /* new Content-Transfer-Encoding; NULL: as it
			       * is */
	const char *type;     /* Content-Type that is missing; NULL: none */

	/* of what leaves as it is */
	bool eightbit; /* it has bytes over 0x7f */
	bool other;    /* and some are no UTF-8 */

	bool folded; /* some lines are folded, which shows */
};

/* NULL: the body leaves as it is, for there is nothing to recode in it, or it
 * must not be touched.  Reads the spool; a work thread. */
struct recode *recode_make(
    const struct message *message, enum recode_need need);
void recode_free(struct recode *recode);

#endif
