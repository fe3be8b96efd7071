/* SPDX-License-Identifier: MIT */
/*
 * The verbs that make a mail: MAIL, RCPT, DATA (RFC 5321 3.3), and what comes
 * after DATA, up to the submission that is posted onward.
 */
#ifndef SMTP_TRANSACTION_H
#define SMTP_TRANSACTION_H

#include "session.h"

/* Handlers of the verb table, as in hello.h. */
void transaction_mail(struct session *session, const char *argument);
void transaction_rcpt(struct session *session, const char *argument);
void transaction_data(struct session *session, const char *argument);

/* In SESSION_DATA: takes bytes of the mail.  Returns how many it consumed: not
 * all when its end was among them, and the state is another then. */
size_t transaction_take(
    struct session *session, const unsigned char *bytes, size_t length);

#endif
