/* SPDX-License-Identifier: MIT */
/*
 * Looks at the header of a raw mail: what must not be in it any more, and the
 * Message-ID.
 */
#ifndef SIMULATE_HEADING_H
#define SIMULATE_HEADING_H

#include <glib.h>

/* Whom the mail was given to: their own control headers are another matter
 * than those of others. */
enum heading_reader {
	HEADING_MAILGUN = 1,
	HEADING_MANDRILL = 2,
	HEADING_SMTP = 4,
};

/* Adds what should not be there to notes (char *).  head is the first bytes of
 * the mail, as many as there are at hand. */
void heading_check(const char *head, size_t length, enum heading_reader reader,
    GPtrArray *notes);

/* The same for one name. */
void heading_check_name(
    const char *name, enum heading_reader reader, GPtrArray *notes);

/* The value of the first field of that name, unfolded, or NULL. */
char *heading_find(const char *head, size_t length, const char *name);

#endif
