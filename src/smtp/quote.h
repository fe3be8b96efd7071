/* SPDX-License-Identifier: MIT */
/*
 * What the log quotes of a refused command: of which addresses it was, what the
 * client said, what may be done.  What was said is quoted only where its form
 * was at fault, and nothing of it that may be a password: of AUTH never more
 * than that word, of what is no command one word, and none at all once there
 * was an AUTH (a client that lost the thread says its name and password as
 * commands).  On one loop.
 */
#ifndef SMTP_QUOTE_H
#define SMTP_QUOTE_H

#include "mail/envelope.h"
#include "reply.h"
#include <stdbool.h>

/* Texts are borrowed for the time of the command, and not NUL-terminated where
 * there is a length. */
struct quote {
	const char *said; /* NULL: nothing of it is to be seen */
	size_t said_length;
	const char *path; /* the address of MAIL or RCPT; NULL: none yet */
	size_t path_length;
	bool is_recipient;  /* that is of RCPT */
	const char *advice; /* what the administrator may do; a literal */
	const struct envelope *envelope; /* of a mail; NULL: there is none */
	bool guarded;                    /* AUTH was said, some time before */
};

/* The command line under way, as it came; known says that its first word is a
 * command. */
void quote_line(
    struct quote *quote, const char *line, size_t length, bool known);

/* The address of the command under way. */
void quote_path(
    struct quote *quote, const char *path, size_t length, bool is_recipient);

/* The command is over. */
void quote_forget(struct quote *quote);

/* What the log is to say beside the reply, as new strings; NULL: nothing.  Of
 * the null sender, "". */
char *quote_said(const struct quote *quote, const struct reply *reply);
char *quote_from(const struct quote *quote);
char *quote_to(const struct quote *quote);

#endif
