/* SPDX-License-Identifier: MIT */
/*
 * The envelope: MAIL FROM, RCPT TO and their parameters (RFC 5321 2.3.1).
 * It decides who gets the mail.  Built by one session, immutable once the
 * submission is posted.
 */
#ifndef MAIL_ENVELOPE_H
#define MAIL_ENVELOPE_H

#include "mail/address.h"
#include <glib.h>
#include <stdint.h>

struct envelope {
	struct address *sender; /* NULL: the null reverse-path <> */
	GPtrArray *recipients;  /* struct address *, in order, each once */
	uint64_t size_declared; /* SIZE=n of RFC 1870; 0: not declared */
	bool eightbit;          /* BODY=8BITMIME of RFC 6152 */
};

struct envelope *envelope_new(void);
void envelope_free(struct envelope *envelope);

/* Takes the address over.  False (and the address freed) when the recipient is
 * there already: it will get one copy. */
bool envelope_add_recipient(
    struct envelope *envelope, struct address *recipient);

/* Recipient number i, borrowed. */
const struct address *envelope_recipient(
    const struct envelope *envelope, unsigned i);

/* So many recipients, of whom number `first` is the first, for the log:
 * "a@example.org", "a@example.org +2", "" for none.  New string. */
char *envelope_tell(
    const struct envelope *envelope, unsigned first, unsigned count);

#endif
