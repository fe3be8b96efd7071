/* SPDX-License-Identifier: MIT */
/*
 * A handover gives one mail to a listener of a postferry by SMTP, as its
 * client: what `sendmail` does, and the pickup with what `sendmail` left.  It
 * waits: any thread that may.
 */
#ifndef SMTP_HANDOVER_H
#define SMTP_HANDOVER_H

#include "mail/address.h"
#include <glib.h>
#include <stdint.h>

/* The listener when nobody says: where a package makes it. */
#define HANDOVER_ADDRESS "unix:/run/postferry/sendmail"

/* What is handed over; all is borrowed. */
struct handover {
	const char *ident;  /* the same at every try, so that the mail is taken
			     * once (XFORWARD IDENT) */
	const char *helo;   /* who we say that we are: one word */
	const char *sender; /* as handover_path() made it; "": null */
	GPtrArray *recipients; /* char *, likewise; at least one */
	/* values of NOTIFY, RET, ENVID (RFC 3461), which handover_is_wish();
	 * NULL: nothing is wished */
	const char *notify, *ret, *envid;
	/* the mail: CR LF line ends, in a file */
	int fd;
	uint64_t offset, length;
};

enum handover_end {
	HANDOVER_TAKEN,   /* by all its recipients: it is the daemon's */
	HANDOVER_LATER,   /* nobody is there, or cannot now: try again with the
			   * same ident, for some may have it */
	HANDOVER_REFUSED, /* for good, by what it said */
	HANDOVER_BROKEN,  /* our own file cannot be read: errno in the text */
};

/* What was said last. */
struct handover_reply {
	unsigned code;   /* 0: nothing */
	char status[12]; /* enhanced, "5.1.1"; "": none */
	char *text;      /* one line for people: what was said to what, or what
			  * went wrong; free with g_free() */
};

/* Connects to a listener, as its `address` has it.  A blocking socket; -1 and
 * error. */
int handover_connect(const char *address, GError **error);

/* Gives the mail to the listener at that address.  One recipient refused: all
 * of them are, and nobody gets it. */
enum handover_end handover_run(const char *address,
    const struct handover *handover, struct handover_reply *reply);

/* An address as it is said between < and >: in its ASCII form, or a local part
 * alone, for the listener to complete.  New string; NULL and *fault. */
char *handover_path(const char *text, enum address_fault *fault);

/* True when it may be said as NOTIFY, RET or ENVID. */
bool handover_is_wish(const char *text);

#endif
