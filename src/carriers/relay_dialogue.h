/* SPDX-License-Identifier: MIT */
/*
 * The dialogue is what is said between libESMTP and the server before the
 * first MAIL, listened to by its monitor: libESMTP keeps the replies to
 * itself, takes what a stranger slips in after the answer to STARTTLS for the
 * server's, goes on to MAIL when AUTH failed, and tries any mechanism the
 * server names.  The session's thread.
 *
 * A probe ends before MAIL, which libESMTP has no way to: it is led to say QUIT
 * by itself, by replies that are changed before it reads them.
 *
 * Every command up to MAIL is answered before the next one is sent, so a byte
 * after the end of a reply is not the server's.
 */
#ifndef RELAY_DIALOGUE_H
#define RELAY_DIALOGUE_H

#include "mail/exchange.h"

enum dialogue_part {
	DIALOGUE_GREETING,
	DIALOGUE_HELLO, /* EHLO or HELO */
	DIALOGUE_STARTTLS,
	DIALOGUE_AUTH,
	DIALOGUE_MAIL, /* MAIL and all that follows */
};

/* What was heard that must not be. */
enum dialogue_fault {
	DIALOGUE_FINE,
	DIALOGUE_INJECTED,  /* bytes beyond a reply */
	DIALOGUE_REFUSED,   /* MAIL is due and the server has not taken AUTH */
	DIALOGUE_MECHANISM, /* AUTH by something else than PLAIN and LOGIN */
	DIALOGUE_MAILING,   /* MAIL is due in a probe */
};

struct relay_dialogue {
	bool login; /* there are a user and a password: AUTH must succeed */
	bool probe; /* set after it was opened: no mail goes */

	enum dialogue_part part;
	enum dialogue_fault fault; /* the first */
	bool over; /* MAIL or QUIT was said: no longer listened to */
	bool authenticated;
	bool eightbit;  /* 8BITMIME was offered in the last EHLO */
	char *greeting; /* its text; NULL: nothing was said to it yet */

	/* the reply to the last command */
	unsigned code;
	bool complete;
	GString *text; /* its lines, joined by a space */
	GString *line; /* the one that is not complete */
};

/* For a new connection; login as above. */
void relay_dialogue_open(struct relay_dialogue *dialogue, bool login);
void relay_dialogue_close(struct relay_dialogue *dialogue);

/* The server says this; true when the session may go on.  The bytes are
 * libESMTP's own buffer, not read yet: names of mechanisms that must not be
 * used, and PIPELINING, are made unreadable in it. */
bool relay_dialogue_hear(
    struct relay_dialogue *dialogue, char *bytes, size_t length);

/* We are about to say this; true when it may leave. */
bool relay_dialogue_say(
    struct relay_dialogue *dialogue, const char *bytes, size_t length);

/* True when the last reply before MAIL was a refusal (4xx, 5xx). */
bool relay_dialogue_ended(const struct relay_dialogue *dialogue);

/* Sets a reply from its code and text, as said: line ends become spaces, an
 * enhanced code (RFC 3463) in front of the text is taken out of it. */
void relay_dialogue_reply(
    struct smtp_reply *reply, unsigned code, const char *text);

#endif
