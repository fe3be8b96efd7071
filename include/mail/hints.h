/* SPDX-License-Identifier: MIT */
/*
 * Hints are orders to postferry that stand in the mail's own header: which
 * route, which policy for doubts.  Read from listeners that are trusted with
 * them (control_headers).  What the mail asks of its provider is another matter
 * (options.h).
 */
#ifndef MAIL_HINTS_H
#define MAIL_HINTS_H

#include "mail/doubt_policy.h"
#include "mail/message.h"

/* The fields that are ours. */
#define HINTS_DOUBT "X-Postferry-Doubt"
#define HINTS_ROUTE "X-Postferry-Route"

struct hints {
	bool has_doubt;
	enum doubt_policy doubt; /* X-Postferry-Doubt */
	char *route;             /* X-Postferry-Route; NULL: none */
	char *fault; /* what is wrong with a hint, for people: the mail is
		      * refused; NULL: nothing */
};

/* Reads the hints of the message; those that are not there are 0. */
void hints_read(struct hints *hints, const struct message *message);
void hints_clear(struct hints *hints);

#endif
