/* SPDX-License-Identifier: MIT */
/*
 * How the html refers to inline parts when a mail is sent as fields: there a
 * part's file name is its Content-ID, so what cannot be a file name cannot stay
 * the Content-ID, and the html has to follow.  Any thread.
 */
#ifndef PROVIDERS_REFERENCE_H
#define PROVIDERS_REFERENCE_H

#include "mail/message.h"

/* The name an inline part is sent by: its Content-ID where that will do.  One
 * that ends in .com is changed: Gmail takes it for a program and refuses the
 * mail.  New string. */
char *reference_name(const struct part *part);

/* The html with its cid: references following those names; NULL when there is
 * none.  A new reference. */
GBytes *reference_html(const struct message *message);

#endif
