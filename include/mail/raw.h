/* SPDX-License-Identifier: MIT */
/*
 * The raw form of a message: its bytes as received, with the documented edits
 * of the header and no other.  Own Received on top; Bcc, Resent-Bcc,
 * Return-Path, Content-Length and control headers removed; Date, From and
 * Message-ID added when missing or empty (and not omitted); a header that broke
 * off is ended by an empty line; addresses without a domain get one
 * (message->domain), but in a mail with DKIM.  Works for opaque mail.
 *
 * What the exit cannot take gets another transfer encoding, part by part, and
 * else the body is not touched: lines over 998 octets, and bytes over 0x7f
 * where they must not be.  Fields with such bytes become encoded words there,
 * extended parameters, addresses with an IDNA domain.
 * Signed parts stay as they are whatever they hold, and so does a mail signed
 * as a whole, but for JSON, as who takes it so makes it anew, and for fields
 * that have to become ASCII.
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
	bool seven;           /* without a byte over 0x7f */
	bool ascii;           /* without one in its header and those of parts:
			       * for want of SMTPUTF8 (RFC 6531 3.2) */
	bool once; /* of a field that may stand once only the first stays
		    * (libESMTP drops the rest: TRAIT_SECOND_FIELD), but
		    * that To, Cc and Reply-To are joined, and
		    * blanks between a name and its colon (RFC 5322 4.5.8) go:
		    * libESMTP would not know the field and add its own */
};

/* Appends the raw form.  Lines over 998 octets are folded (RFC 5322 2.1.1):
 * a header field at its blanks, after unfolding; in the body those that cannot
 * be recoded (TRAIT_LONG_LINE), at 998.  With `json` the mail must
 * have become UTF-8: see raw_is_utf8().  False: it has bytes over 0x7f, wanted
 * or not.  Reads the spool; a work thread. */
bool raw_append(struct segments *segments, const struct message *message,
    const struct raw_options *options);

/* True when the raw form for JSON is valid UTF-8 as a whole (RFC 3629): what
 * is left as it is, is, and no fold falls within a character; a field that is
 * not has its charset named by the mail.  Fields that options->omit names are
 * judged too.  Reads the spool; a work thread. */
bool raw_is_utf8(const struct message *message);

/* True when the header of the raw form has no byte over 0x7f with `ascii`; else
 * some field stays as it is: its charset is named by nobody, or no encoding
 * exists where they stand (words.h).  Reads the spool; a work thread. */
bool raw_is_header_ascii(const struct message *message);

#endif
