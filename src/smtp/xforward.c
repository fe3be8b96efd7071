/* SPDX-License-Identifier: MIT */
#include "xforward.h"

void
xforward_xforward(struct session *session, const char *argument)
{
	(void)argument;
	session_reply(session, REPLY_NOT_IMPLEMENTED, NULL);
}

void
xforward_free(struct xforward *forwarded)
{
	if (forwarded == NULL)
		return;
	g_free(forwarded->name);
	g_free(forwarded->addr);
	g_free(forwarded->port);
	g_free(forwarded->proto);
	g_free(forwarded->helo);
	g_free(forwarded->source);
	g_free(forwarded->ident);
	g_free(forwarded);
}
