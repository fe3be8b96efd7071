/* SPDX-License-Identifier: MIT */
/*
 * The verbs that are about the session, not about a mail: HELO, EHLO, NOOP,
 * RSET, VRFY, HELP, QUIT.  Handlers of the verb table: the line's argument
 * comes without blanks at its ends, sequence and flags are checked.
 */
#ifndef SMTP_HELLO_H
#define SMTP_HELLO_H

#include "session.h"

/* What comes first: the TLS handshake where it is implicit, then the banner,
 * after a pause for strangers. */
void hello_begin(struct session *session);

/* The banner (RFC 5321 4.2). */
void hello_greet(struct session *session);

void hello_helo(struct session *session, const char *argument);
void hello_ehlo(struct session *session, const char *argument);
void hello_lhlo(struct session *session, const char *argument);
void hello_noop(struct session *session, const char *argument);
void hello_rset(struct session *session, const char *argument);
void hello_vrfy(struct session *session, const char *argument);
void hello_help(struct session *session, const char *argument);
void hello_quit(struct session *session, const char *argument);

#endif
