/* SPDX-License-Identifier: MIT */
/*
 * A delivery is one message for some of its recipients by one provider: what a
 * translator is asked to encode.  Immutable while an exchange is made from it.
 */
#ifndef MAIL_DELIVERY_H
#define MAIL_DELIVERY_H

#include "mail/message.h"

enum delivery_form {
	DELIVERY_FIELDS, /* text, html, attachments, headers as fields */
	DELIVERY_RAW,    /* the MIME as it came */
};

struct delivery {
	struct message *message; /* counted */
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

/* The address of the delivery's recipient number i (not of the envelope's). */
const struct address *delivery_recipient(
    const struct delivery *delivery, unsigned i);

/* True when this header address is one of the delivery's recipients. */
bool delivery_is_for(
    const struct delivery *delivery, const struct header_address *address);

/* The number of the delivery's recipient that an answer names by its address,
 * or -1. */
int delivery_find(const struct delivery *delivery, const char *spec);

#endif
