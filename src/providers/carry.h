/* SPDX-License-Identifier: MIT */
/*
 * What each kind of provider carries, a row for each trait a mail can have,
 * and which header fields it keeps to itself.  What has no row is lost there.
 */
#ifndef PROVIDERS_CARRY_H
#define PROVIDERS_CARRY_H

#include "provider.h"

/* Each ends with an empty row. */
extern const struct carry carry_mailgun[];
extern const struct carry carry_mandrill[];
extern const struct carry carry_upstream[];

/* Fields that Mandrill adds to what it sends, and such that libESMTP does not
 * send: those of the mail go. */
#define CARRY_MANDRILL_OWN "X-Report-Abuse", "X-Native-Encoded", "Feedback-ID"
#define CARRY_UPSTREAM_OWN "Original-Recipient", "Resent-Reply-To"

#endif
