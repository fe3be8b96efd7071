/* SPDX-License-Identifier: MIT */
/*
 * Control headers are orders to a mail service written into the mail's header.
 * They never leave: they show a recipient what was meant for the service, and
 * another service may obey them.  Any thread.
 */
#ifndef PROVIDERS_CONTROL_H
#define PROVIDERS_CONTROL_H

#include "mail/message.h"

/* The names of them, as struct raw_options takes them in `omit`. */
#define CONTROL_FIELDS                                                      \
	"X-Mailgun-", "X-MC-", "X-Mandrill-", "X-Postferry-", "X-PM-",      \
	    "X-SMTPAPI", "X-SES-", "X-MSYS-API", "X-Mailin-", "X-Mailjet-", \
	    "X-MJ-", "X-MailerSend-", "Resend-Idempotency-Key"

/* True when the name is one of a NULL-terminated list like that. */
bool control_is_one(const char *const *names, const char *name);

/* False and error when the mail has a control header without which it would be
 * another mail (a test that must not be delivered, a template, a date to be
 * sent at): better not sent than sent so. */
bool control_check(const struct message *message, GError **error);

#endif
