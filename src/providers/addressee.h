/* SPDX-License-Identifier: MIT */
/*
 * The addressees of a request are exactly the delivery's recipients, each once:
 * the envelope decides who gets the mail, the header only where each is shown
 * and by which name.  Any thread.
 */
#ifndef PROVIDERS_ADDRESSEE_H
#define PROVIDERS_ADDRESSEE_H

#include "mail/delivery.h"

enum addressee_role {
	ADDRESSEE_TO,
	ADDRESSEE_CC,
	ADDRESSEE_BCC, /* in neither field: nobody sees it */
};

struct addressee {
	enum addressee_role role;
	const char *name;              /* NULL: none */
	const struct address *address; /* the envelope's */
};

/* delivery_addresses() of them, one for each recipient: those of To in its
 * order, of Cc, then the others; or the one they are redirected to, as To.  All
 * is borrowed but the array: g_free(). */
struct addressee *addressee_list(const struct delivery *delivery);

#endif
