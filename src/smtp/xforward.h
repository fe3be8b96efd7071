/* SPDX-License-Identifier: MIT */
/*
 * XFORWARD (Postfix XFORWARD_README): what a trusted mail server in front of us
 * says of the client it had the mail from.  Told in the log, and its id is the
 * key of a resend (resend.h); gives no right.  Holds for one mail.
 */
#ifndef SMTP_XFORWARD_H
#define SMTP_XFORWARD_H

#include "session.h"

/* Values as said, xtext decoded, printable; NULL: not said, or [UNAVAILABLE].
 */
struct xforward {
	char *name, *addr, *port, *proto, *helo, *source;
	char *ident; /* the id of the mail in the queue it comes from */
};

/* The handler of the verb. */
void xforward_xforward(struct session *session, const char *argument);

/* NULL is fine. */
void xforward_free(struct xforward *forwarded);

#endif
