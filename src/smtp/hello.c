/* SPDX-License-Identifier: MIT */
#include "hello.h"

#include <inttypes.h>
#include <string.h>

/* Of a name, as RFC 5321 4.5.3.1.2 has it for domains. */
#define NAME_MAX_OCTETS 255

void
hello_greet(struct session *session)
{
	session_change(session, SESSION_FRESH);
	session_say(session, "220 %s ESMTP", session->rules->hostname);
}

/* Any name is taken: it is shown, never believed. */
static bool
take_name(struct session *session, const char *name)
{
	if (strlen(name) > NAME_MAX_OCTETS) {
		session_reply(session, REPLY_ARGUMENT, "name too long");
		return false;
	}
	g_free(session->helo);
	session->helo = g_strdup(name);
	for (char *c = session->helo; *c != '\0'; c++)
		if ((unsigned char)*c > 0x7e || *c == '\t')
			*c = '?';
	return true;
}

/* helo = "HELO" SP Domain CRLF */
void
hello_helo(struct session *session, const char *argument)
{
	if (!take_name(session, argument))
		return;
	session->esmtp = false;
	session_reset(session);
	session_say(session, "250 %s", session->rules->hostname);
}

/* ehlo = "EHLO" SP ( Domain / address-literal ) CRLF */
void
hello_ehlo(struct session *session, const char *argument)
{
	if (!take_name(session, argument))
		return;
	session->esmtp = true;
	session_reset(session);
	session_say(session, "250-%s", session->rules->hostname);
	session_say(session, "250-PIPELINING");
	session_say(
	    session, "250-SIZE %" PRIu64, session->rules->limits.mail_bytes);
	session_say(session, "250-8BITMIME");
	session_say(session, "250 ENHANCEDSTATUSCODES");
}

/* noop = "NOOP" [ SP String ] CRLF */
void
hello_noop(struct session *session, const char *argument)
{
	(void)argument;
	session_reply(session, REPLY_OK, NULL);
}

/* rset = "RSET" CRLF */
void
hello_rset(struct session *session, const char *argument)
{
	(void)argument;
	session_reset(session);
	session_reply(session, REPLY_OK, NULL);
}

/* vrfy = "VRFY" SP String CRLF; nobody is looked up (RFC 5321 7.3) */
void
hello_vrfy(struct session *session, const char *argument)
{
	(void)argument;
	session_reply(session, REPLY_VRFY, NULL);
}

/* help = "HELP" [ SP String ] CRLF */
void
hello_help(struct session *session, const char *argument)
{
	(void)argument;
	session_reply(session, REPLY_HELP, NULL);
}

/* quit = "QUIT" CRLF */
void
hello_quit(struct session *session, const char *argument)
{
	(void)argument;
	session_close(session, REPLY_BYE, NULL);
}
