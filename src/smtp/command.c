/* SPDX-License-Identifier: MIT */
#include "command.h"

#include "auth.h"
#include "foreign.h"
#include "hello.h"
#include "starttls.h"
#include "transaction.h"
#include "xforward.h"
#include <string.h>

#define ANY     SESSION_COMMANDS
#define NAMED   (SESSION_READY | SESSION_SENDER | SESSION_RECIPIENT)
#define IN_MAIL (SESSION_SENDER | SESSION_RECIPIENT)
#define HELLO \
	(COMMAND_ENDS_GROUP | COMMAND_IDLE | COMMAND_ARGUMENT | COMMAND_CLEAR)

const struct command command_table[] = {
	{ "HELO", ANY, HELLO, hello_helo },
	{ "EHLO", ANY, HELLO, hello_ehlo },
	{ "LHLO", ANY, HELLO, hello_lhlo },
	{ "MAIL", SESSION_READY, COMMAND_ARGUMENT, transaction_mail },
	{ "RCPT", IN_MAIL, COMMAND_ARGUMENT, transaction_rcpt },
	{ "DATA", IN_MAIL, COMMAND_ENDS_GROUP | COMMAND_BARE,
	    transaction_data },
	{ "RSET", ANY, COMMAND_IDLE | COMMAND_BARE | COMMAND_CLEAR,
	    hello_rset },
	{ "NOOP", ANY, COMMAND_ENDS_GROUP | COMMAND_IDLE | COMMAND_CLEAR,
	    hello_noop },
	{ "VRFY", ANY, COMMAND_ENDS_GROUP | COMMAND_IDLE | COMMAND_ARGUMENT,
	    hello_vrfy },
	{ "HELP", ANY, COMMAND_IDLE, hello_help },
	{ "QUIT", ANY, COMMAND_ENDS_GROUP | COMMAND_BARE | COMMAND_CLEAR,
	    hello_quit },
	{ "STARTTLS", SESSION_FRESH | SESSION_READY,
	    COMMAND_ENDS_GROUP | COMMAND_BARE | COMMAND_CLEAR,
	    starttls_starttls },
	{ "AUTH", SESSION_READY,
	    COMMAND_ENDS_GROUP | COMMAND_ARGUMENT | COMMAND_SECRET, auth_auth },
	{ "XFORWARD", SESSION_READY, COMMAND_ARGUMENT, xforward_xforward },
	/* not offered */
	{ "BDAT", ANY, 0, NULL },
	{ "EXPN", ANY, COMMAND_ENDS_GROUP, NULL },
	{ "ETRN", ANY, COMMAND_ENDS_GROUP, NULL },
	{ "TURN", ANY, COMMAND_ENDS_GROUP, NULL },
	{ "XCLIENT", ANY, COMMAND_ENDS_GROUP, NULL },
	/* browsers that were made to talk to us (cross-protocol attacks) */
	{ "CONNECT", ANY, COMMAND_HTTP, NULL },
	{ "DELETE", ANY, COMMAND_HTTP, NULL },
	{ "GET", ANY, COMMAND_HTTP, NULL },
	{ "HEAD", ANY, COMMAND_HTTP, NULL },
	{ "OPTIONS", ANY, COMMAND_HTTP, NULL },
	{ "PATCH", ANY, COMMAND_HTTP, NULL },
	{ "POST", ANY, COMMAND_HTTP, NULL },
	{ "PUT", ANY, COMMAND_HTTP, NULL },
	{ NULL, 0, 0, NULL },
};

static const struct command *
find_command(const char *word)
{
	for (const struct command *row = command_table; row->word != NULL;
	     row++)
		if (g_ascii_strcasecmp(row->word, word) == 0)
			return row;
	return NULL;
}

/* A copy of the line as text; NULL when it holds what no command may. */
static char *
copy_line(const unsigned char *line, size_t length)
{
	char *text;

	for (size_t i = 0; i < length; i++)
		if ((line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7f)
			return NULL;
	/* as long as the line: so much is overwritten in the end */
	text = g_malloc(length + 1);
	while (
	    length > 0 && (line[length - 1] == ' ' || line[length - 1] == '\t'))
		length--;
	memcpy(text, line, length);
	text[length] = '\0';
	return text;
}

/* Cuts the word off; returns the argument, perhaps empty. */
static char *
split_word(char *text)
{
	char *argument = text + strcspn(text, " \t");

	if (*argument != '\0')
		*argument++ = '\0';
	return argument + strspn(argument, " \t");
}

/* A field of a mail or of HTTP, said to us as a command. */
static bool
is_field(const char *word)
{
	size_t length = strlen(word);

	return length > 1 && word[length - 1] == ':';
}

static void
take_unknown(struct session *session, const char *word)
{
	session->verb = "unknown";
	if (is_field(word))
		session_close(session, REPLY_NO_HTTP, NULL);
	else if (*word == '\0')
		session_reply(session, REPLY_SYNTAX, NULL);
	else
		session_reply(session, REPLY_UNKNOWN, NULL);
}

/* Applies the row; the first rule that is broken answers. */
static void
apply_row(
    struct session *session, const struct command *row, const char *argument)
{
	if ((row->flags & COMMAND_SECRET) != 0)
		channel_conceal(session->channel);
	if ((row->flags & COMMAND_HTTP) != 0)
		session_close(session, REPLY_NO_HTTP, NULL);
	else if ((row->flags & COMMAND_ENDS_GROUP) != 0 && session->unread)
		session_close(session, REPLY_SYNCHRONISATION, NULL);
	else if (row->handle == NULL)
		session_reply(session, REPLY_NOT_IMPLEMENTED, NULL);
	else if ((row->flags & COMMAND_CLEAR) == 0 &&
		 starttls_required(session))
		session_reply(session, REPLY_TLS_FIRST, NULL);
	else if ((row->states & session->state) == 0)
		session_reply(session, REPLY_SEQUENCE, NULL);
	else if ((row->flags & COMMAND_ARGUMENT) != 0 && *argument == '\0')
		session_reply(
		    session, REPLY_ARGUMENT, "an argument is missing");
	else if ((row->flags & COMMAND_BARE) != 0 && *argument != '\0')
		session_reply(
		    session, REPLY_ARGUMENT, "no argument is allowed");
	else
		row->handle(session, argument);
	if ((row->flags & COMMAND_IDLE) != 0 &&
	    session->state != SESSION_CLOSING)
		session_idle(session);
}

/* line: the same as it came. */
static void
take_text(struct session *session, char *text, const unsigned char *line)
{
	size_t length = strlen(text);
	const char *argument = split_word(text);
	const struct command *row = find_command(text);

	quote_line(&session->quote, (const char *)line, length, row != NULL);
	if (row == NULL) {
		session->quote.advice = foreign_advise(line, length);
		take_unknown(session, text);
		return;
	}
	session->verb = row->word;
	apply_row(session, row, argument);
}

void
command_take(struct session *session, const unsigned char *line, size_t length)
{
	char *text = copy_line(line, length);

	if (text == NULL) {
		session->verb = "unknown";
		quote_line(&session->quote, (const char *)line, length, false);
		session_reply(session, REPLY_SYNTAX, "control character");
		quote_forget(&session->quote);
		return;
	}
	take_text(session, text, line);
	quote_forget(&session->quote);
	/* it may have been AUTH, or was meant to be */
	explicit_bzero(text, length);
	g_free(text);
}
