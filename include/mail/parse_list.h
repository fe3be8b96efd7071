/* SPDX-License-Identifier: MIT */
/*
 * A list of addresses as people write it (RFC 5322 3.4), read by GMime for whom
 * it names.  After parse_start(); any thread.
 */
#ifndef MAIL_PARSE_LIST_H
#define MAIL_PARSE_LIST_H

#include "mail/message.h"

/* Adds the addresses of a text, of the members of groups too, as they stand
 * there: "bob@example.net", "root" (char *).  The text is of an argument of
 * sane length, or the unfolded body of a field of a mail that is not opaque.
 * False: it cannot be read whole. */
bool parse_list_read(const char *text, GPtrArray *addresses);

/* The same with their names: struct header_address *, whose spec is as it
 * stands there, in no other form and maybe without a domain. */
bool parse_list_mailboxes(const char *text, GPtrArray *mailboxes);

#endif
