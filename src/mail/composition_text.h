/* SPDX-License-Identifier: MIT */
/*
 * A text of a composition, in its spool: what is in it, and its bytes with line
 * ends of one kind, whatever a program wrote.  One thread.
 */
#ifndef MAIL_COMPOSITION_TEXT_H
#define MAIL_COMPOSITION_TEXT_H

#include "mail/spool.h"
#include <stdio.h>

struct composition_text {
	bool utf8;         /* it is UTF-8 */
	bool nul;          /* a NUL is in it */
	bool control;      /* one that is no TAB, line end or form feed */
	uint64_t eightbit; /* bytes over 0x7f */
	uint64_t longest;  /* bytes of the longest line, without its end */
};

/* Reads it whole.  False and errno when the spool cannot be read. */
bool composition_text_read(
    const struct spool *spool, struct composition_text *text);

/* Its bytes, each LF, CR LF and lone CR as `newline` (a literal); the spool is
 * borrowed for as long as the stream is open.  Never NULL. */
FILE *composition_text_open(const struct spool *spool, const char *newline);

#endif
