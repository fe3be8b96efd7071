/* SPDX-License-Identifier: MIT */
/*
 * An import is a whole mail that a program hands in as it is (message/rfc822):
 * it becomes a submission like that of any session, its line ends mended, its
 * envelope as the program says or as the header has it (like sendmail -t).
 * One thread at a time, which may wait; after parse_start().
 */
#ifndef MAIL_IMPORT_H
#define MAIL_IMPORT_H

#include "mail/composition.h"

/* What is handed in; all is borrowed. */
struct import {
	const struct spool *mail; /* sealed */
	const char *sender;       /* "": the null sender; NULL: who From says */
	const GPtrArray *recipients; /* char *, as in `to` of a composition;
				      * NULL or empty: To, Cc and Bcc */
};

/* Makes the submission, as composition_submission() does: NULL and *end, with
 * *why (new string) when the mail cannot be taken, or *why NULL when the
 * envelope is at fault, which is added to the errors ("sender",
 * "recipients[2]", "From"). */
struct submission *import_submission(const struct import *import,
    const struct composition_place *place, GPtrArray *errors,
    enum composition_end *end, char **why);

/* As composition_digest(). */
bool import_digest(const struct import *import,
    char digest[static COMPOSITION_DIGEST_LENGTH + 1]);

#endif
