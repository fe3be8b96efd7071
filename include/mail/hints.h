/* SPDX-License-Identifier: MIT */
/*
 * Hints are orders to postferry that stand in the mail's own header: which
 * route, which policy for doubts, whether who is suppressed gets it.  Read from
 * listeners that are trusted with them (control_headers).  What the mail asks
 * of its provider is another matter (options.h).
 */
#ifndef MAIL_HINTS_H
#define MAIL_HINTS_H

#include "mail/doubt_policy.h"
#include "mail/header.h"

/* The fields that are ours. */
#define HINTS_DOUBT    "X-Postferry-Doubt"
#define HINTS_ROUTE    "X-Postferry-Route"
#define HINTS_SUPPRESS "X-Postferry-Suppress"

/* The route that is always there. */
#define HINTS_ROUTE_DEFAULT "default"

struct hints {
	bool has_doubt;
	enum doubt_policy doubt; /* X-Postferry-Doubt */
	char *route;             /* X-Postferry-Route; NULL: none */
	bool unsuppressed;       /* X-Postferry-Suppress: no */
	char *fault; /* what is wrong with a hint, for people: the mail is
		      * refused; NULL: nothing */
};

/* Reads the hints of the mail; those that are not there are 0. */
void hints_read(struct hints *hints, const struct header *header);

/* The route cannot be had, and why, as the next two tell it: that is the fault,
 * unless there is one already. */
void hints_refuse_route(struct hints *hints, const char *why);

/* NULL when the route is one of these names or HINTS_ROUTE_DEFAULT; g_free().
 */
char *hints_tell_unknown(const char *route, const char *const *names);

/* Who came to this listener must not name one; g_free(). */
char *hints_tell_stranger(const char *listener);

void hints_clear(struct hints *hints);

#endif
