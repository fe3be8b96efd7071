/* SPDX-License-Identifier: MIT */
/* What Mailgun's answers other than an acceptance mean. */
#ifndef PROVIDERS_MAILGUN_VERDICTS_H
#define PROVIDERS_MAILGUN_VERDICTS_H

#include "mail/outcome.h"

/* Rows for (status, the message of the body or its text). */
extern const struct verdict_rule mailgun_verdicts[];

/* A row of this pattern is about one address of several, or about their
 * number: fewer at a time may pass. */
#define MAILGUN_VERDICTS_ADDRESS                                 \
	"\\b(to|cc|bcc)\\b\\W* parameter is not a valid address" \
	"|cannot parse (to|cc|bcc) address"
#define MAILGUN_VERDICTS_BATCH "too many recipients|large batches"

#endif
