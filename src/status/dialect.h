/* SPDX-License-Identifier: MIT */
/*
 * A dialect is the shape in which a program says a mail: that of /v1/messages,
 * of /send, of /email.  Each knows its fields and refuses others by name.
 */
#ifndef STATUS_DIALECT_H
#define STATUS_DIALECT_H

#include "mail/composition.h"
#include "payload.h"

enum dialect {
	DIALECT_MESSAGE = 1, /* POST /v1/messages */
	DIALECT_SEND = 2,    /* POST /send */
	DIALECT_EMAIL = 4,   /* POST /email */
};

/* Fills in the composition, which is new.  What is wrong with a field is added
 * to the errors of the payload.  *key is the idempotency key that is among the
 * fields, to be freed; NULL: none is. */
void dialect_read(enum dialect dialect, struct payload *payload,
    struct composition *composition, char **key);

/* What the client calls the field of a composition: "from[0]" is "sender[0]" in
 * that of /send.  New string. */
char *dialect_field(enum dialect dialect, const char *field);

#endif
