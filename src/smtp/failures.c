/* SPDX-License-Identifier: MIT */
#include "failures.h"

#include <glib.h>

/* What is left of a bucket that is refilled all the time. */
struct bucket {
	double taken; /* tokens, at that time */
	int64_t at_ms;
};

struct failures {
	struct failures_limits limits;
	GHashTable *buckets; /* by key */
};

struct failures *
failures_new(const struct failures_limits *limits)
{
	struct failures *failures = g_new0(struct failures, 1);

	g_assert(limits->most > 0 && limits->window_ms > 0);
	g_assert(limits->entries > 0);
	failures->limits = *limits;
	failures->buckets =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return failures;
}

void
failures_free(struct failures *failures)
{
	if (failures == NULL)
		return;
	g_hash_table_unref(failures->buckets);
	g_free(failures);
}

/* What is missing in the bucket now. */
static double
find_taken(const struct failures *failures, const struct bucket *bucket,
    int64_t now_ms)
{
	double passed_ms = (double)MAX(now_ms - bucket->at_ms, (int64_t)0);
	double back = passed_ms * failures->limits.most /
		      (double)failures->limits.window_ms;

	return MAX(bucket->taken - back, 0.0);
}

bool
failures_are_many(struct failures *failures, const char *key, int64_t now_ms)
{
	const struct bucket *bucket =
	    g_hash_table_lookup(failures->buckets, key);

	return bucket != NULL &&
	       find_taken(failures, bucket, now_ms) > failures->limits.most - 1;
}

/* Makes room: those that are full again go, else the one that is next to. */
static void
drop_some(struct failures *failures, int64_t now_ms)
{
	const struct bucket *bucket;
	const char *key, *least = NULL;
	GHashTableIter iter;
	double most = 0;

	g_hash_table_iter_init(&iter, failures->buckets);
	while (g_hash_table_iter_next(&iter, (void **)&key, (void **)&bucket)) {
		double taken = find_taken(failures, bucket, now_ms);

		if (taken <= 0) {
			g_hash_table_iter_remove(&iter);
		} else if (least == NULL || taken < most) {
			least = key;
			most = taken;
		}
	}
	if (least != NULL &&
	    g_hash_table_size(failures->buckets) >= failures->limits.entries)
		g_hash_table_remove(failures->buckets, least);
}

unsigned
failures_add(struct failures *failures, const char *key, int64_t now_ms)
{
	struct bucket *bucket = g_hash_table_lookup(failures->buckets, key);

	if (bucket == NULL) {
		if (g_hash_table_size(failures->buckets) >=
		    failures->limits.entries)
			drop_some(failures, now_ms);
		bucket = g_new0(struct bucket, 1);
		g_hash_table_insert(failures->buckets, g_strdup(key), bucket);
	}
	bucket->taken = find_taken(failures, bucket, now_ms) + 1;
	bucket->at_ms = now_ms;
	return (unsigned)(bucket->taken + 0.5);
}
