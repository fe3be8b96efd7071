/* SPDX-License-Identifier: MIT */
/*
 * What the log says of a refused command: to whom, by which listener, of which
 * addresses, what the client said, what may be done.  What was said is quoted
 * only where its form was at fault, and nothing of it that may be a password:
 * of AUTH never more than that word, of what is no command one word, and none
 * at all once there was an AUTH (a client that lost the thread says its name
 * and password as commands).  On one loop.
 */
#ifndef SMTP_REFUSAL_H
#define SMTP_REFUSAL_H

#include "reply.h"
#include <stdbool.h>

struct session;

/* Logs the reply; detail may be NULL. */
void refusal_log(const struct session *session, const struct reply *reply,
    const char *detail);

/* The command line under way, as it came, may be quoted as far as `length`:
 * known says that its first word is a command.  Borrowed until
 * refusal_forget(). */
void refusal_quote(
    struct session *session, const char *line, size_t length, bool known);

/* What was noted of the command is of no use any more. */
void refusal_forget(struct session *session);

#endif
