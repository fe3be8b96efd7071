/* SPDX-License-Identifier: MIT */
#include "gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct gate_pass first = { .closings = 0 };

/* As many as the rate allows at now. */
static unsigned
pass_all(struct gate *gate, int64_t now_ms)
{
	unsigned count = 0;

	for (; count < 10000 && gate_when(gate, now_ms) <= now_ms; count++)
		gate_pass(gate, 1, now_ms, now_ms);
	return count;
}

/* Asked each ms. */
static unsigned
pass_over(struct gate *gate, int64_t from_ms, int64_t to_ms)
{
	unsigned count = 0;

	for (int64_t now = from_ms; now < to_ms; now++)
		count += pass_all(gate, now);
	return count;
}

static const struct {
	double rate;
	unsigned burst;
	unsigned at_once, in_ten_s; /* after that */
} rates[] = {
	{ 10, 1, 1, 100 },
	{ 10, 50, 50, 100 },
	{ 10, 0, 1, 100 },
	{ 0.5, 3, 3, 5 },
	{ 300, 300, 300, 3000 },
	{ 3, 1, 1, 30 },
	{ 1.0 / 7, 1, 1, 1 },
};

static void
test_rates(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rates); i++) {
		const struct provider_pace pace = { .rate = rates[i].rate,
			.burst = rates[i].burst };
		struct gate gate;
		unsigned count;

		gate_start(&gate, &pace);
		assert_int_equal(pass_all(&gate, 0), rates[i].at_once);
		count = pass_over(&gate, 1, 10001);
		if (count != rates[i].in_ten_s)
			fail_msg("row %zu: %u", i + 1, count);
	}
}

/* Nothing is lost over a long time to sums of fractions. */
static void
test_no_drift(void **state)
{
	const struct provider_pace pace = { .rate = 0.3, .burst = 1 };
	struct gate gate;
	unsigned count = 0;
	int64_t now = 0;

	(void)state;
	gate_start(&gate, &pace);
	for (; now < 10 * 3600 * 1000; now = gate_when(&gate, now))
		count += pass_all(&gate, now);
	assert_in_range(count, 10798, 10801);
}

static void
test_any_rate(void **state)
{
	const struct provider_pace pace = { .burst = 1 };
	struct gate gate;

	(void)state;
	gate_start(&gate, &pace);
	assert_int_equal(pass_all(&gate, 0), 10000);
	assert_true(gate_rate(&gate, 0) <= 0);
}

static void
test_closed_and_slowed(void **state)
{
	const struct provider_pace pace = { .rate = 100, .burst = 100 };
	struct gate gate;

	(void)state;
	gate_start(&gate, &pace);
	gate_throttle(&gate, &first, 1000, 7000);
	assert_true(gate_is_closed(&gate, 7999));
	assert_false(gate_is_closed(&gate, 8000));
	assert_float_equal(gate_rate(&gate, 8000), 70, 0.001);
	assert_float_equal(gate_rate(&gate, 17999), 70, 0.001);
	assert_float_equal(gate_rate(&gate, 18000), 75, 0.001);
	assert_float_equal(gate_rate(&gate, 67999), 95, 0.001);
	assert_float_equal(gate_rate(&gate, 68000), 100, 0.001);
	assert_float_equal(gate_rate(&gate, 1000000), 100, 0.001);
	/* behind it no burst */
	assert_int_equal(pass_all(&gate, 8000), 1);
	assert_in_range(pass_over(&gate, 8001, 9001), 69, 70);
	/* and when it is back, the burst is */
	assert_int_equal(pass_all(&gate, 200000), 100);
}

/* What the rate does not have is not there when the gate opens. */
static void
test_closed_for_a_moment(void **state)
{
	const struct provider_pace pace = { .rate = 0.5, .burst = 1 };
	struct gate gate;

	(void)state;
	gate_start(&gate, &pace);
	struct gate_pass pass = gate_pass(&gate, 1, 0, 0);
	gate_throttle(&gate, &pass, 10, 20);
	assert_false(gate_is_closed(&gate, 30));
	assert_int_equal(gate_when(&gate, 30), 2000);
}

static void
test_throttled_by_a_crowd(void **state)
{
	const struct provider_pace pace = { .rate = 100, .burst = 100 };
	struct gate gate;

	(void)state;
	gate_start(&gate, &pace);
	struct gate_pass one = gate_pass(&gate, 1, 0, 0);
	struct gate_pass two = gate_pass(&gate, 1, 0, 0);
	gate_throttle(&gate, &one, 10, 5000);
	gate_throttle(&gate, &two, 20, 9000); /* its time is news */
	assert_true(gate_is_closed(&gate, 9019));
	assert_float_equal(gate_rate(&gate, 9020), 70, 0.001);
	gate_throttle(&gate, &two, 30, 1); /* never sooner */
	assert_true(gate_is_closed(&gate, 9019));
	/* one that was begun behind it does slow */
	two = gate_pass(&gate, 1, 9020, 9020);
	gate_throttle(&gate, &two, 9030, 1);
	assert_float_equal(gate_rate(&gate, 9031), 49, 0.001);
}

static void
test_closed_for_an_hour_at_most(void **state)
{
	const struct provider_pace pace = { .burst = 1 };
	struct gate gate;

	(void)state;
	gate_start(&gate, &pace);
	gate_throttle(&gate, &first, 0, INT64_MAX);
	assert_true(gate_is_closed(&gate, 3599999));
	assert_false(gate_is_closed(&gate, 3600000));
}

static void
test_floor(void **state)
{
	static const struct {
		double rate, floor;
	} rows[] = { { 1.2, 1 }, { 0.5, 0.5 }, { 10, 7 } };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct provider_pace pace = { .rate = rows[i].rate };
		struct gate gate;
		gate_start(&gate, &pace);
		gate_throttle(&gate, &first, 0, 1);
		assert_float_equal(gate_rate(&gate, 1), rows[i].floor, 0.001);
	}
}

/* Without a rate: 0.7 of what was reached, then more and more, then any. */
static void
test_measured(void **state)
{
	const struct provider_pace pace = { .burst = 1 };
	struct gate gate;

	(void)state;
	gate_start(&gate, &pace);
	for (int64_t now = 0; now < 20000; now += 20)
		gate_pass(&gate, 1, now, now); /* 50 a second */
	gate_throttle(&gate, &first, 20000, 1000);
	assert_float_equal(gate_rate(&gate, 21000), 35, 0.5);
	assert_int_equal(pass_all(&gate, 21000), 1);
	assert_in_range(pass_over(&gate, 21001, 31001), 345, 352);
	assert_float_equal(gate_rate(&gate, 31000), 40, 0.5);
	assert_true(gate_rate(&gate, 140999) > 89);
	assert_true(gate_rate(&gate, 151000) <= 0);
	assert_int_equal(pass_all(&gate, 151000), 10000);
}

/* One mail an hour and a throttle: not slower than one a second. */
static void
test_measured_slow(void **state)
{
	const struct provider_pace pace = { .burst = 1 };
	struct gate gate;

	(void)state;
	gate_start(&gate, &pace);
	for (int64_t now = 0; now < 10 * QUOTA_HOUR_MS; now += QUOTA_HOUR_MS)
		gate_pass(&gate, 1, now, now);
	gate_throttle(&gate, &first, 10 * QUOTA_HOUR_MS, 1);
	assert_float_equal(gate_rate(&gate, 10 * QUOTA_HOUR_MS + 1), 1, 0.001);
}

static void
test_returned(void **state)
{
	const struct provider_pace pace = {
		.rate = 1, .burst = 1, .hour_max = 10
	};
	struct gate gate;

	(void)state;
	gate_start(&gate, &pace);
	struct gate_pass pass = gate_pass(&gate, 3, 0, 0);
	gate_return(&gate, &pass, 1);
	assert_int_equal(quota_used(&gate.hour, 0), 2);
	gate_return(&gate, &pass, 2);
	assert_int_equal(gate_when(&gate, 0), 1000);
	assert_int_equal(quota_used(&gate.hour, 0), 0);
	assert_int_equal(quota_used(&gate.day, 0), 0);
}

static void
test_quota_when(void **state)
{
	const struct provider_pace pace = { .hour_max = 10, .day_max = 15 };
	const int64_t hour = QUOTA_HOUR_MS;
	struct gate gate;

	(void)state;
	gate_start(&gate, &pace);
	assert_int_equal(gate_quota_when(&gate, 10, 5), 5);
	gate_pass(&gate, 8, 5, 5);
	assert_int_equal(gate_quota_when(&gate, 2, 6), 6);
	assert_int_equal(gate_quota_when(&gate, 3, 6), hour);
	assert_int_equal(gate_quota_when(&gate, 3, hour), hour);
	gate_pass(&gate, 7, hour, hour);
	assert_int_equal(gate_quota_when(&gate, 1, hour), 24 * hour);
	assert_int_equal(gate_quota_when(&gate, 1, 24 * hour), 24 * hour);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_no_drift),
		cmocka_unit_test(test_any_rate),
		cmocka_unit_test(test_closed_and_slowed),
		cmocka_unit_test(test_closed_for_a_moment),
		cmocka_unit_test(test_throttled_by_a_crowd),
		cmocka_unit_test(test_closed_for_an_hour_at_most),
		cmocka_unit_test(test_floor),
		cmocka_unit_test(test_measured),
		cmocka_unit_test(test_measured_slow),
		cmocka_unit_test(test_returned),
		cmocka_unit_test(test_quota_when),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
