/* SPDX-License-Identifier: MIT */
#include "doorway.h"

#include "core/clock.h"
#include "core/log.h"
#include "hello.h"
#include "proxy.h"

void
doorway_begin(struct session *session)
{
	session_change(session, SESSION_PROXY);
	session->verb = "proxy";
	session->times.state_ms =
	    clock_monotonic_ms() + session->rules->door.proxy_ms;
	channel_expect(session->channel, proxy_lacks(NULL, 0));
}

static void
refuse(struct session *session, const char *reason, const char *advice)
{
	log_warn("proxy refused", log_num("session", (int64_t)session->id),
	    log_str("client", session->peer.text),
	    log_str("listener", session->rules->listener),
	    log_str("reason", reason), log_str("advice", advice));
	session_abandon(session, reason);
}

void
doorway_refuse(struct session *session, const char *reason)
{
	refuse(session, reason,
	    "have it speak the PROXY protocol, or take it out of `proxy`");
}

/* A header that begins as one, and is none. */
static void
refuse_broken(struct session *session)
{
	refuse(session, "the PROXY header is garbled",
	    "have it send version 1 or 2 of the PROXY protocol, of a TCP or "
	    "Unix connection");
}

void
doorway_enter(struct session *session)
{
	if (!session->peer.allowed)
		session->times.session_ms =
		    clock_monotonic_ms() + session->rules->times.session_ms;
	session->verb = "connect";
	hello_begin(session);
}

/* The peer is whom the proxy speaks for from here on. */
static void
become(struct session *session, const struct sockaddr *client)
{
	struct session_peer *peer = &session->peer;
	char proxy[NETWORK_PEER_LENGTH];

	g_strlcpy(proxy, peer->text, sizeof(proxy));
	network_print_peer(client, peer->text);
	peer->port = network_port(client);
	peer->local = false;
	peer->allowed = rules_allow(session->rules, client);
	peer->may_forward =
	    network_contains(session->rules->door.forwarders, client);
	log_debug("proxy speaks", log_num("session", (int64_t)session->id),
	    log_str("proxy", proxy), log_str("client", peer->text),
	    log_num("port", peer->port));
	session->times.state_ms = 0;
	session_change(session, SESSION_ADMISSION);
}

size_t
doorway_take(struct session *session, const unsigned char *bytes, size_t length)
{
	struct sockaddr_storage client;
	size_t used;

	switch (proxy_read(bytes, length, &client, &used)) {
	case PROXY_MORE:
		/* what follows is not read before it is known what it is */
		channel_expect(session->channel, proxy_lacks(bytes, length));
		return 0;
	case PROXY_BAD:
		if (proxy_is_begun(bytes, length))
			refuse_broken(session);
		else
			doorway_refuse(session, "no PROXY header");
		return length;
	case PROXY_SELF:
		channel_expect(session->channel, CHANNEL_READ_SMALL);
		doorway_enter(session);
		return used;
	case PROXY_OTHER:
		channel_expect(session->channel, CHANNEL_READ_SMALL);
		become(session, (const struct sockaddr *)&client);
		return used;
	}
	g_assert_not_reached();
}

/* A TLS client could not read it. */
static bool
can_be_told(const struct session *session)
{
	return session->rules->tls.mode != RULES_TLS_IMPLICIT;
}

void
doorway_admit(struct session *session, enum reply_name refused)
{
	if (session->stopping && refused == REPLY_NONE)
		refused = REPLY_STOPPING;
	if (refused == REPLY_NONE)
		doorway_enter(session);
	else if (can_be_told(session))
		session_close(session, refused, NULL);
	else
		session_abandon(session, reply_find(refused)->text);
}
