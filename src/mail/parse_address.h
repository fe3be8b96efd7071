/* SPDX-License-Identifier: MIT */
/*
 * Reads the address fields of a message by GMime, which knows what people write
 * there.  The limiter has kept away what would make it recurse too deep.
 */
#ifndef MAIL_PARSE_ADDRESS_H
#define MAIL_PARSE_ADDRESS_H

#include "mail/message.h"

/* Fills from, to, cc, bcc, reply_to and sender, and the traits of addresses.
 * domain is added to addresses without one.  Of opaque mail only the author is
 * read, without GMime. */
void parse_address_read(struct message *message, const char *domain);

#endif
