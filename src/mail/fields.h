/* SPDX-License-Identifier: MIT */
/*
 * What the top header fields say of a message, but for addresses: subject,
 * date, Message-ID, and the traits that lie in the header.  Works on bytes, so
 * for opaque mail too.
 */
#ifndef MAIL_FIELDS_H
#define MAIL_FIELDS_H

#include "mail/message.h"

/* Fills the message from message->header; makes Date and Message-ID (at our
 * hostname) when they are missing, the same at every try. */
void fields_read(struct message *message, const char *hostname);

/* When no field names an author: the envelope sender, or MAILER-DAEMON. */
void fields_make_from(struct message *message, const char *hostname);

#endif
