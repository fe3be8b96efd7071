/* SPDX-License-Identifier: MIT */
#include "auth.h"

void
auth_auth(struct session *session, const char *argument)
{
	(void)argument;
	session_reply(session, REPLY_NOT_IMPLEMENTED, NULL);
}

bool
auth_offered(const struct session *session)
{
	(void)session;
	return false;
}

void
auth_take(struct session *session, const unsigned char *line, size_t length)
{
	(void)session;
	(void)line;
	(void)length;
}

void
auth_judge(struct session *session, const struct authority_verdict *verdict)
{
	(void)session;
	(void)verdict;
}

bool
auth_may_send(const struct session *session, const struct address *sender)
{
	(void)session;
	(void)sender;
	return true;
}
