/* SPDX-License-Identifier: MIT */
/*
 * The parts of a mail that is composed, as GMime puts them together: text and
 * html as alternatives, the html with what is shown within it, the attachments
 * beside them.  Contents are read from their spools as they are written.
 */
#ifndef MAIL_COMPOSITION_PARTS_H
#define MAIL_COMPOSITION_PARTS_H

#include "deposit.h"

/* Writes the fields of Content, the empty line and the body.  The id makes the
 * boundaries, so that nobody could have foreseen them. */
void composition_parts_write(struct deposit *deposit,
    const struct composition *composition, const char *id);

/* True for a type whose content may not be encoded (RFC 2046 5.1.1, 5.2.1), so
 * that it has to be a mail's own lines. */
bool composition_parts_is_message(const char *type);

#endif
