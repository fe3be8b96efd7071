/* SPDX-License-Identifier: MIT */
#include "rate.h"

#include <glib.h>

#define WINDOW_MS 60000

/* What was taken out of a bucket that is refilled all the time. */
struct bucket {
	double taken; /* tokens, at that time */
	int64_t at_ms;
};

struct rate {
	unsigned entries; /* of one generation */
	GHashTable *young, *old;
	int64_t born_ms; /* the young one */
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

/* The peer's bucket, as the young generation has it from now on. */
static struct bucket *
find_bucket(struct rate *rate, const char *peer, int64_t now_ms)
{
	struct bucket *bucket = g_hash_table_lookup(rate->young, peer);
	const struct bucket *before;

	if (bucket != NULL)
		return bucket;
	if (g_hash_table_size(rate->young) >= rate->entries)
		begin_generation(rate, now_ms);
	bucket = g_new0(struct bucket, 1);
	before = g_hash_table_lookup(rate->old, peer);
	if (before != NULL)
		*bucket = *before;
	g_hash_table_insert(rate->young, g_strdup(peer), bucket);
	g_hash_table_remove(rate->old, peer);
	return bucket;
}

bool
rate_take(struct rate *rate, const char *peer, unsigned most, int64_t now_ms)
{
	struct bucket *bucket;
	double back;

	if (most == 0)
		return true;
	if (now_ms - rate->born_ms >= WINDOW_MS)
		begin_generation(rate, now_ms);
	bucket = find_bucket(rate, peer, now_ms);
	back = (double)(now_ms - bucket->at_ms) * most / WINDOW_MS;
	bucket->taken = MAX(bucket->taken - back, 0.0);
	bucket->at_ms = now_ms;
	if (bucket->taken > most - 1)
		return false;
	bucket->taken += 1;
	return true;
}

unsigned
rate_count(const struct rate *rate)
{
	return g_hash_table_size(rate->young) + g_hash_table_size(rate->old);
}
