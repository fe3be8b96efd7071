/* SPDX-License-Identifier: MIT */
/*
 * The two parts of a bounce that programs read: the fields of its
 * message/delivery-status (RFC 3464), and the header of the mail it is about.
 */
#ifndef MAIL_BOUNCE_FIELDS_H
#define MAIL_BOUNCE_FIELDS_H

#include "mail/bounce.h"

/* What is given back of the header, in bytes. */
#define BOUNCE_HEADER_MAX 50000

/* What was said of the recipient, without the status that it may begin with
 * ("HTTP 400: ", "550 "); borrowed, "" when nothing was. */
const char *bounce_fields_text(const struct recipient *is);

/* Adds the fields of the mail, and a block for each recipient: ASCII, lines
 * ended by LF, none over 998 octets. */
void bounce_fields_write(GString *out, const struct message *message,
    const GArray *recipients, const struct bounce_options *options);

/* Adds the header as it came, but for Bcc and Resent-Bcc: whole fields, at
 * most BOUNCE_HEADER_MAX; lines ended by LF. */
void bounce_fields_quote(GString *out, const struct header *header);

/* True when the whole mail can be given back: it is of no size that is too
 * much, its header ends as one does, and nothing of it would have to be
 * encoded (RFC 2046 5.2.1), but for 8-bit bytes of the body. */
bool bounce_fields_allow(const struct submission *submission);

/* Adds the header without a limit, as above, an empty line, and the body as it
 * came; lines ended by LF.  False when it cannot be read; then some of it may
 * have been added. */
bool bounce_fields_give_back(GString *out, const struct message *message);

#endif
