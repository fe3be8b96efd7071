/* SPDX-License-Identifier: MIT */
/*
 * The addresses of a composition: what people write into from, to and their
 * like becomes mailboxes whose address has the form that envelopes have.
 * After parse_start(); any thread.
 */
#ifndef MAIL_COMPOSITION_ADDRESS_H
#define MAIL_COMPOSITION_ADDRESS_H

#include "mail/composition.h"

struct mailbox {
	char *name; /* UTF-8, one line; NULL: none */
	struct address *address;
};

/* An array of struct mailbox *, which it frees. */
GPtrArray *composition_address_list(void);

/* Adds the mailboxes of a text, members of groups too; domain (NULL: none) is
 * for addresses without one.  False and *why (new string, for people): it
 * cannot be read, or one in it is no address. */
bool composition_address_read(
    const char *text, const char *domain, GPtrArray *mailboxes, char **why);

/* Mailboxes as the body of a header field, in UTF-8.  New string. */
char *composition_address_text(const GPtrArray *mailboxes);

#endif
