/* SPDX-License-Identifier: MIT */
/*
 * STARTTLS (RFC 3207), and what a session does when its channel has become TLS,
 * or has not.
 */
#ifndef SMTP_STARTTLS_H
#define SMTP_STARTTLS_H

#include "session.h"

/* The handler of the verb. */
void starttls_starttls(struct session *session, const char *argument);

/* True when EHLO offers it now. */
bool starttls_offered(const struct session *session);

/* True when nothing but a few verbs is taken until TLS is there. */
bool starttls_required(const struct session *session);

/* The channel becomes TLS from the next byte on: after the verb, or at once
 * where TLS is implicit. */
void starttls_begin(struct session *session);

/* The channel is TLS now, or (`trouble` set) will not be. */
void starttls_secured(struct session *session, const char *trouble);

/* The handshake has had its time: ends the session. */
void starttls_expire(struct session *session);

#endif
