/* SPDX-License-Identifier: MIT */
#include "core/rate.h"

#include "core/drain.h"
#include <glib.h>

#define WINDOW_MS 60000

struct rate {
	unsigned entries;        /* of one generation */
	GHashTable *young, *old; /* struct drain, by peer */
	int64_t born_ms;         /* the young one */
};

static GHashTable *
make_generation(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

struct rate *
rate_new(unsigned entries)
{
	struct rate *rate = g_new0(struct rate, 1);

	g_assert(entries >= 2);
	rate->entries = entries / 2;
	rate->young = make_generation();
	rate->old = make_generation();
	return rate;
}

void
rate_free(struct rate *rate)
{
	if (rate == NULL)
		return;
	g_hash_table_unref(rate->young);
	g_hash_table_unref(rate->old);
	g_free(rate);
}

static void
begin_generation(struct rate *rate, int64_t now_ms)
{
	g_hash_table_unref(rate->old);
	rate->old = rate->young;
	rate->young = make_generation();
	rate->born_ms = now_ms;
}

/* The peer's drain, as the young generation has it from now on. */
static struct drain *
find_drain(struct rate *rate, const char *peer, int64_t now_ms)
{
	struct drain *drain = g_hash_table_lookup(rate->young, peer);
	const struct drain *before;

	if (drain != NULL)
		return drain;
	if (g_hash_table_size(rate->young) >= rate->entries)
		begin_generation(rate, now_ms);
	drain = g_new0(struct drain, 1);
	before = g_hash_table_lookup(rate->old, peer);
	if (before != NULL)
		*drain = *before;
	g_hash_table_insert(rate->young, g_strdup(peer), drain);
	g_hash_table_remove(rate->old, peer);
	return drain;
}

bool
rate_take(struct rate *rate, const char *peer, unsigned most, int64_t now_ms)
{
	const struct drain_flow flow = { most, WINDOW_MS };
	struct drain *drain;

	if (most == 0)
		return true;
	if (now_ms - rate->born_ms >= WINDOW_MS)
		begin_generation(rate, now_ms);
	drain = find_drain(rate, peer, now_ms);
	drain->taken = drain_taken(drain, &flow, now_ms);
	drain->at_ms = now_ms;
	if (drain->taken > most - 1)
		return false;
	drain->taken += 1;
	return true;
}

unsigned
rate_count(const struct rate *rate)
{
	return g_hash_table_size(rate->young) + g_hash_table_size(rate->old);
}
