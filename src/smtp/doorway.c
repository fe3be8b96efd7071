/* SPDX-License-Identifier: MIT */
#include "doorway.h"

#include "core/clock.h"

void
doorway_begin(struct session *session)
{
	session_change(session, SESSION_PROXY);
	session->times.state_ms =
	    clock_monotonic_ms() + session->rules->door.proxy_ms;
}

size_t
doorway_take(struct session *session, const unsigned char *bytes, size_t length)
{
	(void)bytes;
	session_abandon(session, "no PROXY header");
	return length;
}
