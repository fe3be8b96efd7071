/* SPDX-License-Identifier: MIT */
#include "crowd.h"

#include "core/clock.h"
#include "core/rate.h"
#include "place.h"

struct crowd {
	struct crowd_limits limits;
	unsigned total;
	unsigned proxied;  /* of them, whose client is not known, or refused */
	GHashTable *peers; /* place -> how many, outside `allow` */
	struct rate *visits, *mails;
};

struct crowd *
crowd_new(const struct crowd_limits *limits)
{
	struct crowd *crowd = g_new0(struct crowd, 1);

	crowd->limits = *limits;
	crowd->peers =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	crowd->visits = rate_new(limits->remembered);
	crowd->mails = rate_new(limits->remembered);
	return crowd;
}

void
crowd_free(struct crowd *crowd)
{
	if (crowd == NULL)
		return;
	rate_free(crowd->visits);
	rate_free(crowd->mails);
	g_hash_table_unref(crowd->peers);
	g_free(crowd);
}

static bool
is_counted(const struct session_peer *peer)
{
	return !peer->allowed && !peer->proxied;
}

static unsigned
count_place(const struct crowd *crowd, const struct session_peer *peer)
{
	char place[NETWORK_PEER_LENGTH];

	place_print(peer->text, place);
	return GPOINTER_TO_UINT(g_hash_table_lookup(crowd->peers, place));
}

static void
set_place(struct crowd *crowd, const struct session_peer *peer, unsigned count)
{
	char place[NETWORK_PEER_LENGTH];

	place_print(peer->text, place);
	if (count == 0)
		g_hash_table_remove(crowd->peers, place);
	else
		g_hash_table_insert(
		    crowd->peers, g_strdup(place), GUINT_TO_POINTER(count));
}

/* One more in this minute; false: it is one too many. */
static bool
take(struct rate *rate, const struct session_peer *peer, unsigned most)
{
	char place[NETWORK_PEER_LENGTH];

	place_print(peer->text, place);
	return rate_take(rate, place, most, clock_monotonic_ms());
}

/* True when this visit is one too many of a minute. */
static bool
comes_often(struct crowd *crowd, const struct rules *rules,
    const struct session_peer *peer)
{
	return is_counted(peer) &&
	       !take(crowd->visits, peer, rules->limits.peer_connection_rate);
}

/* Beside `others` that are there. */
static enum reply_name
refuse(struct crowd *crowd, const struct rules *rules,
    const struct session_peer *peer, unsigned others)
{
	unsigned reserved = is_counted(peer) ? crowd->limits.reserved : 0;

	if (budget_level(crowd->limits.budget) == BUDGET_HARD)
		return REPLY_NO_MEMORY;
	if (others + reserved >= crowd->limits.most)
		return REPLY_CROWDED;
	if (is_counted(peer) &&
	    count_place(crowd, peer) >= rules->limits.peer_connections)
		return REPLY_PEER_CROWDED;
	return comes_often(crowd, rules, peer) ? REPLY_PEER_OFTEN : REPLY_NONE;
}

static void
count_in(struct crowd *crowd, const struct session_peer *peer)
{
	if (is_counted(peer))
		set_place(crowd, peer, count_place(crowd, peer) + 1);
}

enum reply_name
crowd_enter(struct crowd *crowd, const struct rules *rules,
    const struct session_peer *peer)
{
	enum reply_name refused = refuse(crowd, rules, peer, crowd->total);

	if (refused != REPLY_NONE)
		return refused;
	crowd->total++;
	crowd->proxied += peer->proxied;
	count_in(crowd, peer);
	return REPLY_NONE;
}

enum reply_name
crowd_admit(struct crowd *crowd, const struct rules *rules,
    const struct session_peer *peer)
{
	/* those who are still to be admitted take no place from each other */
	enum reply_name refused =
	    refuse(crowd, rules, peer, crowd->total - crowd->proxied);

	if (refused != REPLY_NONE)
		return refused;
	crowd->proxied--;
	count_in(crowd, peer);
	return REPLY_NONE;
}

enum reply_name
crowd_permit(struct crowd *crowd, const struct rules *rules,
    const struct session_peer *peer)
{
	bool permitted = take(crowd->mails, peer, rules->limits.peer_mail_rate);

	return permitted ? REPLY_NONE : REPLY_PEER_MAILS;
}

void
crowd_leave(struct crowd *crowd, const struct session_peer *peer)
{
	g_assert(crowd->total > 0);
	crowd->total--;
	crowd->proxied -= peer->proxied;
	if (is_counted(peer))
		set_place(crowd, peer, count_place(crowd, peer) - 1);
}

unsigned
crowd_total(const struct crowd *crowd)
{
	return crowd->total;
}
