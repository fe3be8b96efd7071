/* SPDX-License-Identifier: MIT */
/*
 * The raw form of a message: its bytes as received, with the documented edits
 * of the header and no other.  Own Received on top; Bcc, Resent-Bcc,
 * Return-Path and Content-Length removed; Date, From and Message-ID added when
 * missing or empty (and not omitted); a header that broke off is ended by an
 * empty line.  Works for opaque mail.  The body is not touched.
 */
#ifndef MAIL_RAW_H
#define MAIL_RAW_H

#include "mail/segment.h"

struct raw_options {
	const char *hostname; /* ours, for Received */
	/* further fields to leave out, NULL-terminated list of names; a name
	 * that ends with - is a prefix; NULL: none */
	const char *const *omit;
	/* complete further header lines, CRLF included, put below Received;
	 * NULL: none */
	const char *add;
	/* what From says instead of what it said, ASCII: such fields are left
	 * out, and this one stands below the others; NULL: it stays */
	const char *from;
	const char *reply_to; /* a Reply-To besides, ASCII; NULL: none */
	bool no_sender;       /* Sender is left out */
	bool json;            /* as the inside of a JSON string */
	bool once; /* of Date, From, Message-ID, Sender, To, Cc, Reply-To only
		    * the first stays (RFC 5322 3.6; libESMTP drops the rest),
		    * and blanks between a name and its colon (RFC 5322 4.5.8)
		    * go: libESMTP would not know the field and add its own */
};

/* Appends the raw form.  Lines over 998 octets are folded (RFC 5322 2.1.1),
 * so every exit holds CRLF-ended lines of at most 998 octets: a header field at
 * its blanks, after unfolding, the body at 998.  With `json` the mail must be
 * valid UTF-8: see raw_is_utf8(). */
void raw_append(struct segments *segments, const struct message *message,
    const struct raw_options *options);

/* True when the raw form is valid UTF-8 as a whole (RFC 3629), so that JSON can
 * carry it: the body's bytes and those of the fields that are not removed are,
 * and no fold falls within a character.  Fields that options->omit names are
 * judged too.  Reads the spool; a work thread. */
bool raw_is_utf8(const struct message *message);

#endif
