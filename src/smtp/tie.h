/* SPDX-License-Identifier: MIT */
/*
 * The tie of a user to its senders, within the mail: providers take From as the
 * sender, so it holds for each mailbox there, too.  Sender and Resent-From are
 * not looked at: nobody is shown them as who has written the mail.  On one
 * loop, at the end of data.
 */
#ifndef SMTP_TIE_H
#define SMTP_TIE_H

#include "session.h"

/* What is told of a mail that the user may not send. */
struct tie_fault {
	enum reply_name name; /* REPLY_NONE: it may be sent */
	char *detail;         /* printable; NULL: none */
	char *said;           /* the field that cannot be read; NULL */
};

/* Looks at the From fields of the mail, whose spool is sealed; a mail without
 * one is of its envelope sender.  fault is the caller's to clear. */
void tie_check(const struct session *session, const struct limiter_seen *seen,
    struct tie_fault *fault);

void tie_fault_clear(struct tie_fault *fault);

#endif
