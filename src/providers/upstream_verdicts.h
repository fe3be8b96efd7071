/* SPDX-License-Identifier: MIT */
/* What the replies of an SMTP server other than an acceptance mean. */
#ifndef PROVIDERS_UPSTREAM_VERDICTS_H
#define PROVIDERS_UPSTREAM_VERDICTS_H

#include "mail/outcome.h"

/* Rows for (code, "STAGE enhanced text"); the stage is CONNECT (greeting, EHLO,
 * STARTTLS), AUTH, MAIL, RCPT or DATA (DATA, the final dot). */
extern const struct verdict_rule upstream_verdicts[];

#endif
