/* SPDX-License-Identifier: MIT */
/*
 * The parameters of MAIL and RCPT (RFC 5321 4.1.2): one row per keyword of what
 * an extension gave it, whether it was offered, and what takes its value.
 */
#ifndef SMTP_PARAMETERS_H
#define SMTP_PARAMETERS_H

#include "session.h"

/* What those of one command fill in. */
struct parameters {
	struct session *session;
	struct envelope *envelope;
	struct envelope_wish wish; /* of RCPT; owns its text */
	unsigned seen;             /* bits by the row: each comes once */
};

/* Takes what follows the path of MAIL, blanks between; false when something of
 * it was refused, and the client was told. */
bool parameters_take_mail(struct parameters *parameters, const char *text);

/* The same of RCPT. */
bool parameters_take_rcpt(struct parameters *parameters, const char *text);

#endif
