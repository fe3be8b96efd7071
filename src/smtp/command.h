/* SPDX-License-Identifier: MIT */
/*
 * The verb table: one row per command word, with the states it is legal in, the
 * flags that hold for it, and its handler.  Rows and flags are applied here,
 * once; handlers do their verb and nothing else.
 */
#ifndef SMTP_COMMAND_H
#define SMTP_COMMAND_H

#include "session.h"

enum command_flag {
	COMMAND_ENDS_GROUP = 1 << 0, /* nothing may follow it unanswered
				      * (RFC 2920 3.1) */
	COMMAND_IDLE = 1 << 1,       /* does nothing for a mail: counted */
	COMMAND_ARGUMENT = 1 << 2,   /* needs one */
	COMMAND_BARE = 1 << 3,       /* takes none */
	COMMAND_HTTP = 1 << 4,       /* a browser was sent here: closed */
	COMMAND_CLEAR = 1 << 5,      /* taken where TLS is required and not yet
				      * there */
	COMMAND_SECRET = 1 << 6,     /* its line may hold a password */
};

typedef void (*command_fn)(struct session *session, const char *argument);

struct command {
	const char *word;  /* upper case; NULL ends the table */
	unsigned states;   /* enum session_state, or-ed */
	unsigned flags;    /* enum command_flag, or-ed */
	command_fn handle; /* NULL: known, not offered */
};

extern const struct command command_table[];

/* Executes one line, given without its CR LF; session->unread says whether
 * more has come. */
void command_take(
    struct session *session, const unsigned char *line, size_t length);

#endif
