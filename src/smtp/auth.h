/* SPDX-License-Identifier: MIT */
/*
 * AUTH (RFC 4954): from the verb to 235 or 535.  Who may is asked of the
 * authority (authority.h), whose verdict comes back by a letter.
 */
#ifndef SMTP_AUTH_H
#define SMTP_AUTH_H

#include "authority.h"
#include "session.h"

/* The handler of the verb. */
void auth_auth(struct session *session, const char *argument);

/* True when EHLO offers it now. */
bool auth_offered(const struct session *session);

/* What a client that may not send has to do to log in, now or after STARTTLS; a
 * literal.  NULL: it cannot. */
const char *auth_advise(const struct session *session);

/* In SESSION_SASL: a response line, without its CR LF. */
void auth_take(
    struct session *session, const unsigned char *line, size_t length);

/* In SESSION_SASL: the line was too long, and it was told so: the login has
 * failed by that (RFC 4954 6). */
void auth_end(struct session *session);

/* In SESSION_CREDENTIALS: the authority has spoken.  It is told at once, or
 * when the delay is over by auth_tell(). */
void auth_judge(
    struct session *session, const struct authority_verdict *verdict);
void auth_tell(struct session *session);

/* True when the user may send as this envelope sender (NULL: the null one);
 * anyone may who is no user. */
bool auth_may_send(const struct session *session, const struct address *sender);

#endif
