/* SPDX-License-Identifier: MIT */
/*
 * A delivery is one message for some of its recipients by one provider: what a
 * translator is asked to encode.  Immutable while an exchange is made from it.
 */
#ifndef MAIL_DELIVERY_H
#define MAIL_DELIVERY_H

#include "mail/message.h"

struct mail_options;

enum delivery_form {
	DELIVERY_FIELDS, /* text, html, attachments, headers as fields */
	DELIVERY_RAW,    /* the MIME as it came */
};

/* What is wanted of the form. */
enum format {
	FORMAT_AUTO, /* fields when nothing is lost, else raw */
	FORMAT_FIELDS,
	FORMAT_RAW,
};

/* How a route has a mail look that is not to leave as it came; borrowed from
 * the route. */
struct delivery_guise {
	const struct header_address *from; /* takes the place of From, whose
					    * first mailbox becomes Reply-To
					    * where there is none; NULL: From
					    * stays */
	const struct address *redirect;    /* all go to this one, whoever they
					    * were for; NULL: to themselves */
};

struct delivery {
	struct message *message; /* counted */
	struct delivery_guise guise;
	enum format format; /* AUTO: as the provider's settings have it */
	const struct mail_options *options; /* what the mail and its route ask
					     * for (options.h), borrowed; NULL:
					     * nothing */
	enum delivery_form form;
	unsigned *recipients; /* numbers in the envelope, ascending */
	unsigned count;
	unsigned attempt;     /* of this mail, from 1 */
	const char *hostname; /* ours, for Received; borrowed */
};

/* Counts a reference of the message of its own; copies the numbers.  FIELDS,
 * attempt 1, no hostname. */
struct delivery *delivery_new(
    struct message *message, const unsigned *recipients, unsigned count);
void delivery_free(struct delivery *delivery);

/* The address of the delivery's recipient number i (not of the envelope's): the
 * one it is redirected to, if it is. */
const struct address *delivery_recipient(
    const struct delivery *delivery, unsigned i);

/* How many addresses the request has: one for each recipient, or one for all
 * when they are redirected.  What is said of it is said of all of them. */
unsigned delivery_addresses(const struct delivery *delivery);

/* Whom the mail says it is from, as it leaves: the first mailbox, or NULL.
 * Borrowed. */
const struct header_address *delivery_from(const struct delivery *delivery);

/* The domain of the above, lower case; "" when there is none.  New string. */
char *delivery_from_domain(const struct delivery *delivery);

/* Whom replies go to because From is another: the first mailbox of the old
 * From.  NULL: the mail says it itself, or From stays.  Borrowed. */
const struct header_address *delivery_reply_to(const struct delivery *delivery);

/* True when Sender is the From that is replaced, so that it goes with it. */
bool delivery_drops_sender(const struct delivery *delivery);

/* Whom a mail that is redirected was for, the first ten, the separator between
 * them ("a@b, c@d"); NULL: it is not redirected.  New string. */
char *delivery_original(const struct delivery *delivery, const char *separator);

/* True when this header address is one of the delivery's recipients. */
bool delivery_is_for(
    const struct delivery *delivery, const struct header_address *address);

/* The number of the delivery's recipient that an answer names by its address,
 * or -1. */
int delivery_find(const struct delivery *delivery, const char *spec);

#endif
