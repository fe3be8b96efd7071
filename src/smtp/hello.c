/* SPDX-License-Identifier: MIT */
#include "hello.h"

#include "auth.h"
#include "core/clock.h"
#include "dsn.h"
#include "starttls.h"
#include <inttypes.h>
#include <string.h>

/* Of a name, as RFC 5321 4.5.3.1.2 has it for domains. */
#define NAME_MAX_OCTETS 255

void
hello_begin(struct session *session)
{
	const struct rules *rules = session->rules;
	bool waits = !session->peer.allowed && rules->times.greet_ms > 0;

	if (rules->tls.mode == RULES_TLS_IMPLICIT &&
	    channel_tls(session->channel) == NULL) {
		starttls_begin(session);
		return;
	}
	session_change(session, SESSION_GREETING);
	if (waits)
		session->times.state_ms =
		    clock_monotonic_ms() + rules->times.greet_ms;
	else
		hello_greet(session);
}

void
hello_greet(struct session *session)
{
	session_change(session, SESSION_FRESH);
	session_say(session, "220 %s %s", session->rules->hostname,
	    session->rules->door.protocol == RULES_LMTP ? "LMTP" : "ESMTP");
	session_wait(session, session->rules->times.command_ms);
}

/* Any name is taken: it is shown, never believed. */
static bool
take_name(struct session *session, const char *name)
{
	if (strlen(name) > NAME_MAX_OCTETS) {
		session_reply(session, REPLY_ARGUMENT, "name too long");
		return false;
	}
	g_free(session->identity.helo);
	session->identity.helo = g_strdup(name);
	for (char *c = session->identity.helo; *c != '\0'; c++)
		if ((unsigned char)*c > 0x7e || *c == '\t')
			*c = '?';
	return true;
}

/* Each protocol has its own word (RFC 2033 4.1). */
static bool
is_spoken(struct session *session, enum rules_protocol protocol)
{
	if (session->rules->door.protocol == protocol)
		return true;
	session_reply(session, REPLY_UNKNOWN,
	    protocol == RULES_LMTP ? "this is SMTP, say EHLO"
				   : "this is LMTP, say LHLO");
	return false;
}

/* helo = "HELO" SP Domain CRLF */
void
hello_helo(struct session *session, const char *argument)
{
	if (!is_spoken(session, RULES_SMTP) || !take_name(session, argument))
		return;
	session->identity.esmtp = false;
	session_reset(session);
	session_say(session, "250 %s", session->rules->hostname);
}

static void
offer(struct session *session)
{
	session_say(session, "250-%s", session->rules->hostname);
	session_say(session, "250-PIPELINING");
	session_say(
	    session, "250-SIZE %" PRIu64, session->rules->limits.mail_bytes);
	session_say(session, "250-8BITMIME");
	session_say(session, "250-SMTPUTF8");
	if (dsn_offered(session))
		session_say(session, "250-DSN");
	if (starttls_offered(session))
		session_say(session, "250-STARTTLS");
	if (auth_offered(session))
		session_say(session, "250-AUTH PLAIN LOGIN");
	if (session->peer.may_forward)
		session_say(session,
		    "250-XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE");
	session_say(session, "250 ENHANCEDSTATUSCODES");
}

/* ehlo = "EHLO" SP ( Domain / address-literal ) CRLF */
void
hello_ehlo(struct session *session, const char *argument)
{
	if (!is_spoken(session, RULES_SMTP) || !take_name(session, argument))
		return;
	session->identity.esmtp = true;
	session_reset(session);
	offer(session);
}

/* lhlo = "LHLO" SP ( Domain / address-literal ) CRLF (RFC 2033 4.1) */
void
hello_lhlo(struct session *session, const char *argument)
{
	if (!is_spoken(session, RULES_LMTP) || !take_name(session, argument))
		return;
	session->identity.esmtp = true;
	session_reset(session);
	offer(session);
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
