/* SPDX-License-Identifier: MIT */
#include "authority_turn.h"

#include "place.h"

/* Names and places of those who come first. */
struct taken {
	GHashTable *names;  /* borrowed */
	GHashTable *places; /* owned */
};

/* True when nobody before it has its name or place, which are its from now on.
 */
static bool
is_first(struct taken *taken, const struct authority_ask *ask)
{
	char place[NETWORK_PEER_LENGTH];
	bool first = g_hash_table_add(taken->names, ask->name);

	if (!place_is_counted(ask->peer))
		return first;
	place_print(ask->peer, place);
	return g_hash_table_add(taken->places, g_strdup(place)) && first;
}

static struct authority_ask *
take_first(struct taken *taken, GQueue *waiting)
{
	for (GList *link = waiting->head; link != NULL; link = link->next) {
		struct authority_ask *ask = link->data;

		if (!is_first(taken, ask))
			continue;
		g_queue_delete_link(waiting, link);
		return ask;
	}
	return NULL;
}

struct authority_ask *
authority_turn_take(GQueue *waiting, const GPtrArray *hashing)
{
	struct taken taken = {
		.names = g_hash_table_new(g_str_hash, g_str_equal),
		.places = g_hash_table_new_full(
		    g_str_hash, g_str_equal, g_free, NULL),
	};
	struct authority_ask *ask;

	for (unsigned i = 0; i < hashing->len; i++)
		is_first(&taken, hashing->pdata[i]);
	ask = take_first(&taken, waiting);
	g_hash_table_unref(taken.names);
	g_hash_table_unref(taken.places);
	return ask;
}
