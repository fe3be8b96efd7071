/* SPDX-License-Identifier: MIT */
/*
 * The bounds of a listener that a refusal may be about: for the client the
 * number to keep to, where it is one that a client can keep to; for the
 * administrator the setting that holds it.  Pure; any thread.
 */
#ifndef SMTP_BOUND_H
#define SMTP_BOUND_H

#include "reply.h"
#include "rules.h"

/* What the reply says beside its text: what was said already (may be NULL), and
 * the bound.  New string; NULL: neither. */
char *bound_tell(
    const struct rules *rules, enum reply_name name, const char *said);

/* What the administrator may do about it; a literal, NULL: nothing. */
const char *bound_advise(enum reply_name name);

#endif
