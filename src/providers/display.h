/* SPDX-License-Identifier: MIT */
/*
 * Mailboxes as an API wants them in text: Name <local@domain>, written so that
 * no name can add a mailbox or a field of its own.  Any thread.
 */
#ifndef PROVIDERS_DISPLAY_H
#define PROVIDERS_DISPLAY_H

#include <glib.h>

/* The spec alone when there is no name.  A name with special characters is
 * quoted; one that is not ASCII besides becomes encoded words (RFC 2047), since
 * the providers put their own encoded words inside the quotes, which shows.
 * New string. */
char *display_mailbox(const char *name, const char *spec);

/* The same for a header field: ASCII, since a name that is not becomes encoded
 * words.  New string. */
char *display_field(const char *name, const char *spec);

/* Those of a list of struct header_address with commas between; NULL when it is
 * empty.  New string. */
char *display_list(const GPtrArray *addresses);

#endif
