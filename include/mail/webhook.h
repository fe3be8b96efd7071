/* SPDX-License-Identifier: MIT */
/*
 * A webhook is a request by which a provider tells us of events: what came over
 * the wire, and what its translator makes of that.  Plain data; the texts of
 * the request are borrowed.
 */
#ifndef MAIL_WEBHOOK_H
#define MAIL_WEBHOOK_H

#include "mail/event.h"
#include <stddef.h>

/* What is said to whoever posted it. */
enum webhook_end {
	WEBHOOK_GOOD,       /* signed by the provider, and read */
	WEBHOOK_FORGED,     /* not signed with its key */
	WEBHOOK_LATE,       /* signed too long ago, or in times to come */
	WEBHOOK_REPLAYED,   /* it was here before */
	WEBHOOK_UNREADABLE, /* signed, and not understood */
	WEBHOOK_UNKNOWN,    /* there is no such provider, or none that posts */
	WEBHOOK_LOST,       /* not recorded: it is to come again */
};

struct webhook {
	/* the request */
	const char *type;      /* Content-Type; NULL: none */
	const char *signature; /* X-Mandrill-Signature; NULL: none */
	const char *body;      /* any bytes, and a NUL behind them */
	size_t length;         /* without that */
	int64_t now_ms;        /* wall clock */

	/* what it says; GOOD only */
	GPtrArray *events; /* struct event *, owned; those that we have no word
			    * for are left out */
	char *token;       /* no other request has it: it comes once; NULL:
			    * nothing tells them apart */
};

/* No events yet; the request is to be filled in. */
void webhook_init(struct webhook *webhook);
void webhook_clear(struct webhook *webhook);

/* The end in a few words, for log and people: "it is not signed with the key of
 * this provider". */
const char *webhook_end_text(enum webhook_end end);

#endif
