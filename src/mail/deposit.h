/* SPDX-License-Identifier: MIT */
/*
 * A deposit takes the bytes of a mail that no session brought, piece by piece,
 * and makes of them what a session would have: a sealed spool with CRLF line
 * ends, watched by the limiter.  A bare LF becomes CRLF, a lone CR a blank, the
 * last line gets its end.  One thread.
 */
#ifndef MAIL_DEPOSIT_H
#define MAIL_DEPOSIT_H

#include "mail/composition.h"

struct deposit;

struct deposit *deposit_new(const struct composition_place *place);
/* NULL is fine. */
void deposit_free(struct deposit *deposit);

/* Takes the next bytes; false: the mail cannot be kept, and no more are
 * wanted. */
bool deposit_put(struct deposit *deposit, const void *bytes, size_t length);

/* Says that the source could not be read. */
void deposit_break(struct deposit *deposit);

/* The mail is whole: its spool, what the limiter saw and whether it was mended
 * go into the submission.  COMPOSITION_MADE, or why not, with *why (new
 * string, for people). */
enum composition_end deposit_end(
    struct deposit *deposit, struct submission *submission, char **why);

#endif
