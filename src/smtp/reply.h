/* SPDX-License-Identifier: MIT */
/*
 * Every reply that the listener gives of itself: one row each, a symbolic name,
 * the code (RFC 5321 4.2), the enhanced code (RFC 3463) and the text.  Answers
 * to a mail come from the stages behind and are not here.
 */
#ifndef SMTP_REPLY_H
#define SMTP_REPLY_H

#include <glib.h>

/* A reply line with its CRLF (RFC 5321 4.5.3.1.5). */
#define REPLY_LINE_MAX 512

enum reply_name {
	REPLY_NONE,
	REPLY_OK,
	REPLY_SENDER_OK,
	REPLY_RECIPIENT_OK,
	REPLY_START_MAIL,
	REPLY_BYE,
	REPLY_NO_HTTP,
	REPLY_VRFY,
	REPLY_HELP,
	REPLY_STOPPING,
	REPLY_CROWDED,
	REPLY_PEER_CROWDED,
	REPLY_PEER_OFTEN,
	REPLY_NO_MEMORY,
	REPLY_TIMEOUT,
	REPLY_ERRORS,
	REPLY_LINE_ENDLESS,
	REPLY_SESSION_LIMIT,
	REPLY_OVERLOAD,
	REPLY_PEER_MAILS,
	REPLY_DISK_FULL,
	REPLY_DISK_BAD,
	REPLY_RECIPIENTS,
	REPLY_SPOOL_FULL,
	REPLY_SPOOL_MEMORY,
	REPLY_SPOOL_ERROR,
	REPLY_START_TLS,
	REPLY_TLS_LATER,
	REPLY_TLS_FIRST,
	REPLY_TLS_ALREADY,
	REPLY_AUTH_OK,
	REPLY_AUTH_LATER,
	REPLY_AUTH_WRONG,
	REPLY_AUTH_OFTEN,
	REPLY_AUTH_NEEDS_TLS,
	REPLY_AUTH_SYNTAX,
	REPLY_AUTH_CANCELLED,
	REPLY_AUTH_MECHANISM,
	REPLY_AUTH_ALREADY,
	REPLY_SENDER_LOGIN,
	REPLY_AUTHOR_LOGIN,
	REPLY_AUTHOR_SYNTAX,
	REPLY_UNKNOWN,
	REPLY_SYNTAX,
	REPLY_BARE_LF,
	REPLY_LINE_LONG,
	REPLY_TLS_EARLY,
	REPLY_ARGUMENT,
	REPLY_TWICE,
	REPLY_NOT_IMPLEMENTED,
	REPLY_SEQUENCE,
	REPLY_PARAMETER,
	REPLY_SYNCHRONISATION,
	REPLY_NO_RECIPIENTS,
	REPLY_RELAY,
	REPLY_LOGIN_FIRST,
	REPLY_NULL_SENDER,
	REPLY_SENDER_DOMAIN,
	REPLY_SENDER_SYNTAX,
	REPLY_SENDER_LONG,
	REPLY_RECIPIENT_SYNTAX,
	REPLY_NON_ASCII,
	REPLY_SIZE,
	REPLY_LINE_ENDINGS,
	REPLY_CONTENT,
	REPLY_HOPS,
	REPLY_NAMES /* how many there are */
};

struct reply {
	unsigned code;
	const char *enhanced; /* NULL: the reply has none */
	const char *text;
};

/* The row of this name. */
const struct reply *reply_find(enum reply_name name);

/* Appends the reply line; detail (ours, printable; may be NULL) follows the
 * text. */
void reply_append(GString *out, enum reply_name name, const char *detail);

#endif
