/* SPDX-License-Identifier: MIT */
/*
 * Who speaks no SMTP, and what would have to be set for it to be understood:
 * TLS at once, or the header of a proxy.  On one loop.
 */
#ifndef SMTP_FOREIGN_H
#define SMTP_FOREIGN_H

#include "session.h"

/* Looks at what came where a command, or nothing yet, is expected.  True: no
 * lines of text can follow, and the session is closed. */
bool foreign_refuse(
    struct session *session, const unsigned char *bytes, size_t length);

/* What to do about the PROXY header that these bytes begin with, where none is
 * taken; a literal.  NULL: they do not begin with one. */
const char *foreign_advise(const unsigned char *bytes, size_t length);

#endif
