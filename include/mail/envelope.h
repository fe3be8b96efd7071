/* SPDX-License-Identifier: MIT */
/*
 * The envelope: MAIL FROM, RCPT TO and their parameters (RFC 5321 2.3.1).
 * It decides who gets the mail.  Built by one session, immutable once the
 * submission is posted.
 */
#ifndef MAIL_ENVELOPE_H
#define MAIL_ENVELOPE_H

#include "mail/address.h"
#include <glib.h>
#include <stdint.h>

/* NOTIFY of RFC 3461 4.1, or-ed.  The numbers are kept on disk. */
enum envelope_notify {
	ENVELOPE_NOTIFY_UNSAID = 0, /* failures are told, delays may be */
	ENVELOPE_NOTIFY_NEVER = 1 << 0,
	ENVELOPE_NOTIFY_SUCCESS = 1 << 1,
	ENVELOPE_NOTIFY_FAILURE = 1 << 2,
	ENVELOPE_NOTIFY_DELAY = 1 << 3,
};

/* RET of RFC 3461 4.3.  The numbers are kept on disk. */
enum envelope_return {
	ENVELOPE_RETURN_UNSAID = 0,
	ENVELOPE_RETURN_HEADERS = 1,
	ENVELOPE_RETURN_FULL = 2,
};

/* What the sender wants to hear about one recipient. */
struct envelope_wish {
	unsigned notify; /* enum envelope_notify, or-ed */
	char *original;  /* ORCPT of RFC 3461 4.2, decoded: "rfc822;a@b";
			  * printable ASCII; NULL: none */
};

struct envelope {
	struct address *sender; /* NULL: the null reverse-path <> */
	GPtrArray *recipients;  /* struct address *, in order, each once */
	GArray *wishes;         /* struct envelope_wish; see envelope_wish_of()
				 */
	char *id; /* ENVID of RFC 3461 4.4, decoded, printable ASCII; NULL:
		   * none */
	enum envelope_return returned;
	uint64_t size_declared; /* SIZE=n of RFC 1870; 0: not declared */
	bool eightbit;          /* BODY=8BITMIME of RFC 6152 */
	bool utf8; /* SMTPUTF8 of RFC 6531: its addresses were said in UTF-8;
		    * here they are ASCII; not kept on disk */
	GHashTable *numbers; /* text of a recipient -> its number + 1; NULL:
			      * they are few, or no more will come */
};

struct envelope *envelope_new(void);
void envelope_free(struct envelope *envelope);

/* Takes the address over.  Returns the number of the recipient: one that is
 * there already gets one copy and keeps its number, and the address is freed.
 */
unsigned envelope_add_recipient(
    struct envelope *envelope, struct address *recipient);

/* No more recipients will come: frees what was kept to find one among many. */
void envelope_end_recipients(struct envelope *envelope);

/* Takes recipient number i out; those behind it move up. */
void envelope_remove_recipient(struct envelope *envelope, unsigned i);

/* Says what is wanted of recipient number i; `original` is taken over. */
void envelope_wish(
    struct envelope *envelope, unsigned i, const struct envelope_wish *wish);

/* What is wanted of recipient number i; never NULL. */
const struct envelope_wish *envelope_wish_of(
    const struct envelope *envelope, unsigned i);

/* Recipient number i, borrowed. */
const struct address *envelope_recipient(
    const struct envelope *envelope, unsigned i);

/* So many recipients, of whom number `first` is the first, for the log:
 * "a@example.org", "a@example.org +2", "" for none.  New string. */
char *envelope_tell(
    const struct envelope *envelope, unsigned first, unsigned count);

#endif
