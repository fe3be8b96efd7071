/* SPDX-License-Identifier: MIT */
/*
 * What a client's own resend of a mail has in common with the mail: the id that
 * it has in the client's queue, as the client says by XFORWARD, or as the
 * topmost Received field of the mail shows it.
 */
#ifndef SMTP_RESEND_H
#define SMTP_RESEND_H

#include "mail/limiter.h"
#include "mail/spool.h"
#include "session.h"

/* The key of a mail that has come to its end: who sent it, and its id there. A
 * new string; NULL: nothing is known, or the listener takes each resend for a
 * mail of its own. */
char *resend_key(const struct session *session, const struct spool *spool,
    const struct limiter_seen *seen);

#endif
