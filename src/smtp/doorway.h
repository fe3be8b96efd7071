/* SPDX-License-Identifier: MIT */
/*
 * The doorway: a session of a client behind a proxy, from the connection to the
 * PROXY header to being counted on the main loop as who it really is.
 */
#ifndef SMTP_DOORWAY_H
#define SMTP_DOORWAY_H

#include "session.h"

/* The proxy was accepted: waits for its header. */
void doorway_begin(struct session *session);

/* In SESSION_PROXY: returns what was consumed of the header; 0: more must
 * come. */
size_t doorway_take(
    struct session *session, const unsigned char *bytes, size_t length);

#endif
