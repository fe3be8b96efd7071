/* SPDX-License-Identifier: MIT */
/*
 * The verbs that make a mail: MAIL, RCPT, DATA (RFC 5321 3.3).
 */
#ifndef SMTP_TRANSACTION_H
#define SMTP_TRANSACTION_H

#include "session.h"

/* Handlers of the verb table, as in hello.h. */
void transaction_mail(struct session *session, const char *argument);
void transaction_rcpt(struct session *session, const char *argument);
void transaction_data(struct session *session, const char *argument);

/* The main loop has counted the mail that MAIL asked for: REPLY_NONE begins it.
 */
void transaction_permit(struct session *session, enum reply_name refused);

#endif
