/* SPDX-License-Identifier: MIT */
/*
 * One mail of a session: the exchange, what libESMTP holds of it, and whose it
 * is at the moment:
 *
 *	RELAY_HELD <---> RELAY_READY
 *	     |                |
 *	  (thread)         (loop)
 *	     '--> RELAY_RETURNED
 *
 * The session's thread holds a mail while it loads it into libESMTP, and again
 * from the reply to its MAIL on.  In between the loop may take it back,
 * unsent: an exchange is never held up by a name that does not resolve, or by
 * the mail before it.  Each is given back as soon as its own result is known.
 */
#ifndef RELAY_MAIL_H
#define RELAY_MAIL_H

#include "core/loop.h"
#include "relay_body.h"

#include <stdatomic.h>
#include <stddef.h>

#include <auth-client.h>
#include <libesmtp.h>

enum relay_state {
	RELAY_HELD,     /* by who made it, then only by the thread */
	RELAY_READY,    /* the first to change this has it */
	RELAY_RETURNED, /* done was called, or is about to be */
};

struct relay_session;

struct relay_mail {
	atomic_int state;
	struct exchange *exchange; /* for who has it */
	struct loop *loop;         /* where done is called */
	int64_t taken_ms;          /* when the carrier got it */
	int64_t deadline_ms;       /* a copy; 0: none */

	/* the thread's */
	struct relay_session *session;
	smtp_message_t message;
	smtp_recipient_t *recipients;
	unsigned count; /* of recipients */
	bool wishes;    /* they were given to libESMTP */
	struct relay_body body;
};

struct relay_mail *relay_mail_new(struct loop *loop, struct exchange *exchange);
void relay_mail_free(struct relay_mail *mail);

/* Why libESMTP must not be given this mail, or NULL: new text. */
char *relay_mail_fault(const struct relay_mail *mail);

/* Adds a mail that is held to a libESMTP session; its body is asked for by fn
 * with the mail. */
void relay_mail_load(
    struct relay_mail *mail, smtp_session_t smtp, smtp_messagecb_t fn);

/* Why a mail was not sent: as in struct exchange. */
struct relay_reason {
	const char *error;
	bool unreached, timed_out;
};

/* The thread lets it go; from here on who is first has it: the thread by
 * taking it again, the loop by giving it back, UNSENT, with a copy of the
 * reason. */
void relay_mail_release(struct relay_mail *mail);
bool relay_mail_take(struct relay_mail *mail);
void relay_mail_withdraw(
    struct relay_mail *mail, const struct relay_reason *reason);

/* The thread: true when it still has to be given back, and is held now. */
bool relay_mail_retake(struct relay_mail *mail);

/* True when MAIL, or each RCPT, was refused: no more will be said of it. */
bool relay_mail_is_refused(const struct relay_mail *mail);

/* True when the reply to the final dot is there, for a whole mail. */
bool relay_mail_is_answered(const struct relay_mail *mail);

/* How it ended when no more is heard of the server. */
enum exchange_end relay_mail_end(const struct relay_mail *mail);

/* Who holds it gives it back: done is called on the loop, later.  For ANSWERED
 * and LOST the replies there were are read into the exchange: some may have
 * been refused before it was lost.  The reason, NULL for ANSWERED, is copied.
 */
void relay_mail_return(struct relay_mail *mail, enum exchange_end end,
    const struct relay_reason *reason);

#endif
