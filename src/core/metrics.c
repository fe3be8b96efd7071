/* SPDX-License-Identifier: MIT */
#include "core/metrics.h"

#include <glib.h>
#include <stdatomic.h>

static const int64_t bounds_us[METRICS_BUCKETS - 1] = { 1000, 2500, 5000, 10000,
	25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 5000000,
	10000000, 30000000 };

struct shared_spread {
	_Atomic(uint64_t) counts[METRICS_BUCKETS];
	_Atomic(uint64_t) sum_us;
};

struct metrics {
	_Atomic(uint64_t) counts[METRICS_COUNTS];
	struct shared_spread spreads[METRICS_DURATIONS];
};

static void
add(_Atomic(uint64_t) *number, uint64_t by)
{
	atomic_fetch_add_explicit(number, by, memory_order_relaxed);
}

static uint64_t
load(const _Atomic(uint64_t) *number)
{
	return atomic_load_explicit(number, memory_order_relaxed);
}

static unsigned
find_bucket(int64_t us)
{
	unsigned bucket = 0;

	while (bucket < METRICS_BUCKETS - 1 && us > bounds_us[bucket])
		bucket++;
	return bucket;
}

int64_t
metrics_bound_us(unsigned bucket)
{
	g_assert(bucket < METRICS_BUCKETS - 1);
	return bounds_us[bucket];
}

void
metrics_spread_add(struct metrics_spread *spread, int64_t us)
{
	us = MAX(us, 0);
	spread->counts[find_bucket(us)]++;
	spread->sum_us += (uint64_t)us;
}

struct metrics *
metrics_new(void)
{
	return g_new0(struct metrics, 1);
}

void
metrics_free(struct metrics *metrics)
{
	g_free(metrics);
}

void
metrics_add(struct metrics *metrics, enum metrics_count count, uint64_t by)
{
	if (metrics != NULL)
		add(&metrics->counts[count], by);
}

void
metrics_time(
    struct metrics *metrics, enum metrics_duration duration, int64_t us)
{
	struct shared_spread *spread;

	if (metrics == NULL)
		return;
	us = MAX(us, 0);
	spread = &metrics->spreads[duration];
	add(&spread->counts[find_bucket(us)], 1);
	add(&spread->sum_us, (uint64_t)us);
}

uint64_t
metrics_read(const struct metrics *metrics, enum metrics_count count)
{
	return load(&metrics->counts[count]);
}

void
metrics_read_spread(const struct metrics *metrics,
    enum metrics_duration duration, struct metrics_spread *out)
{
	const struct shared_spread *spread = &metrics->spreads[duration];

	for (unsigned i = 0; i < METRICS_BUCKETS; i++)
		out->counts[i] = load(&spread->counts[i]);
	out->sum_us = load(&spread->sum_us);
}
