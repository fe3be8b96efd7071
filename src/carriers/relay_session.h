/* SPDX-License-Identifier: MIT */
/*
 * A session carries a few mails over one connection to one server, blocking,
 * on a thread of the relay's pool: libESMTP with its guards.
 */
#ifndef RELAY_SESSION_H
#define RELAY_SESSION_H

#include "relay_dialogue.h"
#include "relay_hook.h"
#include "relay_tls.h"

#include "relay_mail.h"

struct relay_session {
	struct letter letter;
	struct loop *loop;
	letter_fn ended; /* read on the loop when the thread is through */
	void *owner;     /* the relay; NULL: it is gone */
	void *line;      /* the relay's */
	GList link;      /* in the relay's list */

	struct endpoint endpoint; /* with texts of its own: it outlives mails */
	GPtrArray *mails;         /* struct relay_mail */
	struct relay_watch watch;

	/* what is known of the server; the thread may learn better */
	struct relay_tls *tls; /* NULL: not made yet, or not wanted */
	bool seven_bit;        /* it does not offer 8BITMIME */
	bool probe; /* no mail goes: its only one is a probe's exchange */

	/* the thread's */
	struct relay_hook hook;
	struct relay_dialogue dialogue;
	smtp_session_t smtp;
	auth_context_t auth;
	char *buffer;
	size_t buffer_size;
	bool begun;         /* some MAIL was answered */
	bool tls_missing;   /* STARTTLS was not offered */
	bool dsn_missing;   /* DSN was wanted and not offered */
	bool eight_missing; /* 8BITMIME was wanted and not offered */
	bool secured;       /* the handshake is through */
	char *tls_fault;    /* TLS cannot be had: why */
};

/* Takes mails (not empty, all for one endpoint) over. */
struct relay_session *relay_session_new(struct loop *loop, GPtrArray *mails);
void relay_session_free(struct relay_session *session);

/* Why no session can be had with this endpoint, or NULL: new text. */
char *relay_session_fault(const struct endpoint *endpoint);

/* relay_callback.c: what libESMTP is given to call. */
void relay_callback_set(struct relay_session *session);
const char *relay_callback_body(void **context, int *length, void *object);

/* The thread: gives each mail back that it still has, by what is known: the
 * session is over, or about to be. */
void relay_session_settle(struct relay_session *session);

/* A letter_fn for the pool: the whole session, then the letter goes back. */
void relay_session_run(void *pool_owner, struct letter *letter);

/* The loop: takes back, unsent, each mail that is not begun. */
void relay_session_withdraw(
    struct relay_session *session, const struct relay_reason *reason);

/* Why it was cut, "smtp.example.net:587: no reply to a command within 60000
 * ms": the error is new text. */
struct relay_reason relay_session_tell(const struct relay_session *session);

#endif
