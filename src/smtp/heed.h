/* SPDX-License-Identifier: MIT */
/*
 * What a mail orders of us in its header (mail/hints.h) must be something that
 * we can do: whoever sent it is told at the end of its data, not by a report.
 * Read only of mails that have such a field.
 */
#ifndef SMTP_HEED_H
#define SMTP_HEED_H

#include "session.h"

/* Looks at the orders in the mail, whose spool is sealed.  REPLY_NONE: they can
 * be obeyed, or count for nothing from this listener.  Else *detail is what is
 * told beside the reply (printable; g_free(); NULL: nothing). */
enum reply_name heed_check(const struct session *session,
    const struct limiter_seen *seen, char **detail);

#endif
