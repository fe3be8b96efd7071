/* SPDX-License-Identifier: MIT */
/*
 * The From field (RFC 5322 3.6.2), read so strictly that nobody behind us can
 * read another mailbox in it: names, quoted names, encoded words, comments,
 * lists and groups are taken; what is obsolete or can be understood in two ways
 * is not.  Without GMime.  Pure; any thread.
 */
#ifndef SMTP_FROM_H
#define SMTP_FROM_H

#include "mail/address.h"
#include <stdbool.h>

/* Takes a mailbox; false: no more. */
typedef bool (*from_fn)(void *object, const struct address *address);

/* What becomes of them. */
struct from_reader {
	const char *domain; /* for a mailbox without one; NULL: then it cannot
			     * be read */
	from_fn take;
	void *object;
};

/* Hands each mailbox of the unfolded body on, in order.  False: take() has said
 * so, or it cannot be read, or names nobody; what was handed on before counts
 * for nothing then. */
bool from_read(const char *body, const struct from_reader *reader);

#endif
