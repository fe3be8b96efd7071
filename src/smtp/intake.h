/* SPDX-License-Identifier: MIT */
/*
 * The intake of one mail: from the 354 to the submission that is posted onward
 * or the reply that refuses it.  The mail is decoded, watched by the limiter
 * and spooled as it comes; nothing is parsed.
 */
#ifndef SMTP_INTAKE_H
#define SMTP_INTAKE_H

#include "session.h"

/* The envelope is complete: asks for the mail, goes into SESSION_DATA. */
void intake_begin(struct session *session);

/* In SESSION_DATA: takes bytes of the mail.  Returns how many it consumed: not
 * all when its end was among them, and the state is another then. */
size_t intake_take(
    struct session *session, const unsigned char *bytes, size_t length);

/* In SESSION_ANSWER, and whole, with its mail: the code that it is told. */
void intake_count(const struct session *session, unsigned code);

#endif
