/* SPDX-License-Identifier: MIT */
/*
 * Hints are orders to postferry that stand in the mail's own header: which
 * route, which policy for doubts, and options that only one kind of provider
 * can honour, which bind the mail to it.  Read from listeners that are trusted
 * with them (control_headers).
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
	const char *bound;       /* the type of provider it is bound to, a
				  * literal ("mailgun"); NULL: to none */
	const char *bound_by;    /* the name of the field that binds it,
				  * borrowed from the message */
	char *fault; /* what is wrong with a hint, for people: the mail is
		      * refused; NULL: nothing */
};

/* Reads the hints of the message; those that are not there are 0. */
void hints_read(struct hints *hints, const struct message *message);
void hints_clear(struct hints *hints);

/* The type of provider that a header field binds a mail to, a literal
 * ("mailgun"): it asks for what changes who gets the mail, when, or what stands
 * in it, and no other kind could honour.  NULL: it binds to none, or its value
 * ("no") asks for nothing.  Any thread. */
const char *hints_binding(const char *name, const char *value);

#endif
