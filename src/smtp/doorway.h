/* SPDX-License-Identifier: MIT */
/*
 * The doorway: a session of a client behind a proxy, from the connection to the
 * PROXY header to being counted on the main loop as who it really is.  Where a
 * proxy is to speak, its header is a must: who comes without one is closed
 * without a word, for what it would say could be anybody's.
 */
#ifndef SMTP_DOORWAY_H
#define SMTP_DOORWAY_H

#include "session.h"

/* The proxy was accepted: waits for its header. */
void doorway_begin(struct session *session);

/* In SESSION_PROXY: returns what was consumed of the header; 0: more must
 * come.  The state is SESSION_ADMISSION when it speaks for another: the peer is
 * that one then, and is to be counted. */
size_t doorway_take(
    struct session *session, const unsigned char *bytes, size_t length);

/* There will be no header that is one: logs it, closes without a word. */
void doorway_refuse(struct session *session, const char *reason);

/* It was counted: REPLY_NONE lets it in, else it is told and closed. */
void doorway_admit(struct session *session, enum reply_name refused);

/* Who comes is known: its time begins, it is greeted. */
void doorway_enter(struct session *session);

#endif
