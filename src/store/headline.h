/* SPDX-License-Identifier: MIT */
/*
 * The headline of a mail is what a list shows of it beside its envelope.  It
 * comes with the first entry of the journal, whose message was parsed: what is
 * accepted is not.
 */
#ifndef STORE_HEADLINE_H
#define STORE_HEADLINE_H

#include "mail/journal.h"

struct headline {
	char *subject; /* one line of UTF-8, cut if it is very long; NULL: no
			* such field */
	char *from; /* "Ann <ann@example.com>, bob@example.com"; "": nobody */
	char *tags; /* one a line; NULL: none */
};

/* Reads it; false, and the headline is empty, when the message says nothing of
 * it: it was not parsed, or has neither. */
bool headline_read(struct headline *headline, const struct journal *journal);
void headline_clear(struct headline *headline);

#endif
