/* SPDX-License-Identifier: MIT */
#include "failures.h"

#include <glib.h>

struct failures {
	struct failures_limits limits;
	GHashTable *drains; /* struct drain, by key */
};

struct failures *
failures_new(const struct failures_limits *limits)
{
	struct failures *failures = g_new0(struct failures, 1);

	g_assert(limits->flow.most > 0 && limits->flow.window_ms > 0);
	g_assert(limits->entries > 0);
	failures->limits = *limits;
	failures->drains =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return failures;
}

void
failures_free(struct failures *failures)
{
	if (failures == NULL)
		return;
	g_hash_table_unref(failures->drains);
	g_free(failures);
}

static double
find_taken(
    const struct failures *failures, const struct drain *drain, int64_t now_ms)
{
	return drain_taken(drain, &failures->limits.flow, now_ms);
}

bool
failures_are_many(struct failures *failures, const char *key, int64_t now_ms)
{
	const struct drain *drain = g_hash_table_lookup(failures->drains, key);

	return drain != NULL && find_taken(failures, drain, now_ms) >
				    failures->limits.flow.most - 1;
}

/* Makes room: those that are full again go, else the one that is next to. */
static void
drop_some(struct failures *failures, int64_t now_ms)
{
	const struct drain *drain;
	const char *key, *least = NULL;
	GHashTableIter iter;
	double most = 0;

	g_hash_table_iter_init(&iter, failures->drains);
	while (g_hash_table_iter_next(&iter, (void **)&key, (void **)&drain)) {
		double taken = find_taken(failures, drain, now_ms);

		if (taken <= 0) {
			g_hash_table_iter_remove(&iter);
		} else if (least == NULL || taken < most) {
			least = key;
			most = taken;
		}
	}
	if (least != NULL &&
	    g_hash_table_size(failures->drains) >= failures->limits.entries)
		g_hash_table_remove(failures->drains, least);
}

unsigned
failures_add(struct failures *failures, const char *key, int64_t now_ms)
{
	struct drain *drain = g_hash_table_lookup(failures->drains, key);

	if (drain == NULL) {
		if (g_hash_table_size(failures->drains) >=
		    failures->limits.entries)
			drop_some(failures, now_ms);
		drain = g_new0(struct drain, 1);
		g_hash_table_insert(failures->drains, g_strdup(key), drain);
	}
	drain->taken = find_taken(failures, drain, now_ms) + 1;
	drain->at_ms = now_ms;
	return (unsigned)(drain->taken + 0.5);
}
