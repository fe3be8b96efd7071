/* SPDX-License-Identifier: MIT */
/*
 * The rule of a route: which mail, and which of its recipients, go by it.
 * Immutable; any thread.
 */
#ifndef DISPATCH_RULE_H
#define DISPATCH_RULE_H

#include "core/config.h"
#include "mail/message.h"

/* A field the header must have. */
struct rule_field {
	char *name;  /* NULL: none is asked for */
	char *value; /* NULL: any */
	bool prefix; /* the value only begins so */
};

/* Conditions that are NULL ask for nothing. */
struct rule {
	char **sender_domains;    /* patterns */
	char **recipient_domains; /* patterns */
	char **listeners;         /* names */
	char **users;             /* names */
	struct rule_field field;
};

/* Reads the conditions of the section; what makes no sense is told. */
void rule_read(struct rule *rule, const struct config *config,
    const char *section, GPtrArray *errors);
void rule_clear(struct rule *rule);

/* True when it has no condition at all. */
bool rule_is_empty(const struct rule *rule);

/* True when mail that came by this listener may be meant. */
bool rule_has_listener(const struct rule *rule, const char *listener);

/* True when the conditions on who brings the mail hold: `listeners`, `user`. */
bool rule_fits_client(
    const struct rule *rule, const struct submission *submission);

/* True when all conditions but that on the recipient hold.  The domain of the
 * sender is that of From or of the envelope, either. */
bool rule_fits_mail(const struct rule *rule, const struct message *message);

/* True when the condition on the recipient holds. */
bool rule_fits_recipient(
    const struct rule *rule, const struct address *recipient);

#endif
