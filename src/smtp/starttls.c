/* SPDX-License-Identifier: MIT */
#include "starttls.h"

#include "tls.h"

void
starttls_starttls(struct session *session, const char *argument)
{
	(void)argument;
	session_reply(session, REPLY_NOT_IMPLEMENTED, NULL);
}

bool
starttls_offered(const struct session *session)
{
	(void)session;
	return false;
}

bool
starttls_required(const struct session *session)
{
	(void)session;
	return false;
}

void
starttls_begin(struct session *session)
{
	session_change(session, SESSION_HANDSHAKE);
}

void
starttls_secured(struct session *session, const char *trouble)
{
	(void)session;
	(void)trouble;
}
