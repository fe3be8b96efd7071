/* SPDX-License-Identifier: MIT */
/*
 * Looks for lines that somebody meant as a Bcc field and that no reader of the
 * header would take for one: below the place where the header broke off, with
 * odd bytes in the name, or in the midst of a line whose lone CR was mended.
 * Fed line by line, each line in any number of pieces; constant memory.
 */
#ifndef MAIL_SUSPECT_H
#define MAIL_SUSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longer than "resent-bcc" by one: no longer word matters. */
#define SUSPECT_WORD_MAX 11

struct suspect {
	char word[SUSPECT_WORD_MAX]; /* lower case, odd bytes left out */
	uint32_t length;             /* of the word, at most SUSPECT_WORD_MAX */
	bool ended;                  /* a blank has followed the word */
	bool within;                 /* not at the line's first word any more */
	bool indented;               /* a blank stands before the first word */
	bool begun;                  /* the line's first word is Bcc */

	/* What was found; the reader clears it. */
	bool line;   /* a line begins with Bcc and a colon, or is that word */
	bool inside; /* the same behind a blank */
};

void suspect_take(
    struct suspect *suspect, const unsigned char *bytes, size_t length);

#endif
