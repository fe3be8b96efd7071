/* SPDX-License-Identifier: MIT */
#include "renewal.h"

#include "core/log.h"
#include "session.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

/* What the client was told of it, or did, stays true. */
static bool
is_agreed(const struct rules *now, const struct rules *next)
{
	return now->tls.mode == next->tls.mode &&
	       now->auth.mode == next->auth.mode &&
	       now->auth.plaintext == next->auth.plaintext &&
	       now->door.protocol == next->door.protocol;
}

void
renewal_offer(struct session *session, struct rules *rules)
{
	g_clear_pointer(&session->renewed, rules_free);
	if (session->rules != rules && is_agreed(session->rules, rules))
		session->renewed = rules_ref(rules);
}

/* Where the client comes from, as it was when it came. */
static void
read_peer(const struct session_peer *peer, struct sockaddr_storage *address)
{
	struct sockaddr_in *four = (struct sockaddr_in *)address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;

	*address = (struct sockaddr_storage){ .ss_family = AF_UNSPEC };
	if (strcmp(peer->text, NETWORK_PEER_UNIX) == 0)
		address->ss_family = AF_UNIX;
	else if (inet_pton(AF_INET, peer->text, &four->sin_addr) == 1)
		address->ss_family = AF_INET;
	else if (inet_pton(AF_INET6, peer->text, &six->sin6_addr) == 1)
		address->ss_family = AF_INET6;
}

/* Who may do what here by where he comes from. */
static void
look_at_peer(struct session *session)
{
	const struct rules *rules = session->rules;
	struct session_peer *peer = &session->peer;
	struct sockaddr_storage address;

	read_peer(peer, &address);
	peer->allowed = rules_allow(rules, (struct sockaddr *)&address);
	peer->may_forward = network_contains(rules->door.forwarders,
				(struct sockaddr *)&address) ||
			    (peer->local && rules->door.sendmail);
}

void
renewal_take(struct session *session)
{
	if (session->renewed == NULL)
		return;
	rules_free(session->rules);
	session->rules = g_steal_pointer(&session->renewed);
	look_at_peer(session);
	log_debug("session takes new rules",
	    log_num("session", (int64_t)session->id),
	    log_str("listener", session->rules->listener));
}
