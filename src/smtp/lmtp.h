/* SPDX-License-Identifier: MIT */
/*
 * What LMTP has other than SMTP (RFC 2033 4.2): after the end of a mail one
 * reply is said for each RCPT that was taken, in their order, also for those
 * that named the same recipient twice.
 */
#ifndef SMTP_LMTP_H
#define SMTP_LMTP_H

#include "session.h"

/* True when the listener speaks it. */
bool lmtp_is_spoken(const struct session *session);

/* A RCPT was taken: recipient number `number` of the envelope. */
void lmtp_expect(struct session *session, unsigned number);

/* Replies that are owed at the end of the mail. */
unsigned lmtp_owed(const struct session *session);

/* Forgets the mail under way (session_reset()) and refuses it, to each. */
void lmtp_refuse(
    struct session *session, enum reply_name name, const char *why);

/* Forgets the mail under way and says what became of it, to each its own.
 * Returns true when some of it was taken. */
bool lmtp_answer(struct session *session, const struct answer *answer);

#endif
