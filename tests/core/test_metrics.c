/* SPDX-License-Identifier: MIT */
#include "core/metrics.h"

#include <glib.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct {
	const char *name;
	int64_t us;
	unsigned bucket;
} rows[] = {
	{ "nothing", 0, 0 },
	{ "a clock that stepped back", -5, 0 },
	{ "on the first bound", 1000, 0 },
	{ "behind it", 1001, 1 },
	{ "a second", 1000000, 9 },
	{ "on the last bound", 30000000, METRICS_BUCKETS - 2 },
	{ "behind all", 30000001, METRICS_BUCKETS - 1 },
	{ "a year", INT64_C(31536000000000), METRICS_BUCKETS - 1 },
};

static void
test_buckets(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct metrics_spread spread = { 0 };
		struct metrics_spread shared;
		struct metrics *metrics = metrics_new();

		print_message("%s\n", rows[i].name);
		metrics_spread_add(&spread, rows[i].us);
		metrics_time(metrics, METRICS_START, rows[i].us);
		metrics_read_spread(metrics, METRICS_START, &shared);
		assert_int_equal(spread.counts[rows[i].bucket], 1);
		assert_int_equal(spread.sum_us, MAX(rows[i].us, 0));
		assert_memory_equal(&spread, &shared, sizeof spread);
		metrics_free(metrics);
	}
}

static void
test_bounds_rise(void **state)
{
	(void)state;
	for (unsigned i = 1; i < METRICS_BUCKETS - 1; i++)
		assert_true(metrics_bound_us(i - 1) < metrics_bound_us(i));
}

#define THREADS 4
#define TIMES   10000

static void *
run_add(void *metrics)
{
	for (unsigned i = 0; i < TIMES; i++) {
		metrics_add(metrics, METRICS_MAIL_BYTES, 3);
		metrics_time(metrics, METRICS_COMMIT, 2);
	}
	return NULL;
}

static void
test_threads(void **state)
{
	struct metrics *metrics = metrics_new();
	struct metrics_spread spread;
	pthread_t threads[THREADS];

	(void)state;
	for (unsigned i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, run_add, metrics);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(
	    metrics_read(metrics, METRICS_MAIL_BYTES), 3 * THREADS * TIMES);
	assert_int_equal(metrics_read(metrics, METRICS_MAILS_TAKEN), 0);
	metrics_read_spread(metrics, METRICS_COMMIT, &spread);
	assert_int_equal(spread.counts[0], THREADS * TIMES);
	assert_int_equal(spread.sum_us, 2 * THREADS * TIMES);
	metrics_free(metrics);
}

static void
test_nobody_watches(void **state)
{
	(void)state;
	metrics_add(NULL, METRICS_MAIL_BYTES, 1);
	metrics_time(NULL, METRICS_COMMIT, 1);
	metrics_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buckets),
		cmocka_unit_test(test_bounds_rise),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_nobody_watches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
