/* SPDX-License-Identifier: MIT */
#include "lane.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define HERE  "example.com"
#define THERE "example.net"

static const struct lane_limits limits = {
	.breaker = { 5000, 300000 },
	.account_ms = 100000,
	.sender_ms = 3600000,
	.throttle_ms = 60000,
};

static struct lane *
make_lane(void)
{
	static struct provider provider = { .endpoint.connections = 2 };

	return lane_new(&provider, 0, &limits);
}

static struct lane_attempt
begin(struct lane *lane, const char *from_domain)
{
	const struct lane_query query = { from_domain, false, 1 };

	return lane_begin(lane, &query, 0);
}

static unsigned
settle(struct lane *lane, const struct lane_attempt *attempt,
    enum standing standing, int64_t now_ms)
{
	struct lane_finding finding = {
		.standing = standing, .retry_ms = 0, .moment = { now_ms, 0.5 }
	};

	return lane_settle(lane, attempt, &finding);
}

/* One attempt at now for that From domain. */
static unsigned
attempt(struct lane *lane, const char *from_domain, enum standing standing,
    int64_t now_ms)
{
	assert_true(lane_allows(lane, from_domain, now_ms));
	struct lane_attempt one = begin(lane, from_domain);
	return settle(lane, &one, standing, now_ms);
}

/* What one attempt for HERE at 0 says of the lane. */
static const struct {
	enum standing standing;
	int64_t retry_ms;
	unsigned changes;
	int64_t here_ms, there_ms; /* from when mail of it is sent again */
} cases[] = {
	{ STANDING_WELL, 0, 0, 0, 0 },
	{ STANDING_UNKNOWN, 0, 0, 0, 0 },
	{ STANDING_DOWN, 0, LANE_CLOSED, 5000, 5000 },
	{ STANDING_UNUSABLE, 0, LANE_CLOSED, 100000, 100000 },
	{ STANDING_THROTTLED, 0, LANE_CLOSED, 60000, 60000 },
	{ STANDING_THROTTLED, 7000, LANE_CLOSED, 7000, 7000 },
	{ STANDING_THROTTLED, INT64_MAX, LANE_CLOSED, 3600000, 3600000 },
	{ STANDING_SENDER, 0, LANE_SENDER_CLOSED, 3600000, 0 },
};

static void
check_open(const struct lane *lane, const char *from_domain, int64_t from_ms)
{
	assert_true(lane_allows(lane, from_domain, from_ms));
	if (from_ms > 0)
		assert_false(lane_allows(lane, from_domain, from_ms - 1));
}

static void
test_standings(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct lane *lane = make_lane();
		struct lane_attempt one = begin(lane, HERE);
		struct lane_finding finding = { .standing = cases[i].standing,
			.retry_ms = cases[i].retry_ms,
			.moment = { 0, 0.5 } };

		assert_int_equal(
		    lane_settle(lane, &one, &finding), cases[i].changes);
		assert_int_equal(lane->requests, 0);
		check_open(lane, HERE, cases[i].here_ms);
		check_open(lane, THERE, cases[i].there_ms);
		assert_int_equal(lane_allows_all(lane), cases[i].here_ms == 0);
		lane_free(lane);
	}
}

/* Whatever a probe comes to, the lane may be probed again later, for its own
 * breaker and for the From domain's: nothing stays probing. */
static void
test_no_probe_stays(void **state)
{
	static const enum standing all[] = { STANDING_UNKNOWN, STANDING_WELL,
		STANDING_DOWN, STANDING_THROTTLED, STANDING_UNUSABLE,
		STANDING_SENDER };
	static const enum standing before[] = { STANDING_DOWN,
		STANDING_SENDER };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(before) * G_N_ELEMENTS(all); i++) {
		struct lane *lane = make_lane();
		int64_t later = limits.sender_ms;

		attempt(lane, HERE, before[i / G_N_ELEMENTS(all)], 0);
		attempt(lane, HERE, all[i % G_N_ELEMENTS(all)], later);
		if (!lane_allows(lane, HERE, later + limits.sender_ms))
			fail_msg("row %zu stays closed", i);
		lane_free(lane);
	}
}

static void
test_cancelled_probe(void **state)
{
	static const enum standing before[] = { STANDING_DOWN,
		STANDING_SENDER };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(before); i++) {
		struct lane *lane = make_lane();

		attempt(lane, HERE, before[i], 0);
		struct lane_attempt probe = begin(lane, HERE);
		assert_false(lane_allows(lane, HERE, limits.sender_ms));
		lane_cancel(lane, &probe);
		assert_true(lane_allows(lane, HERE, limits.sender_ms));
		assert_int_equal(lane->requests, 0);
		lane_free(lane);
	}
}

static void
test_one_probe_at_a_time(void **state)
{
	struct lane *lane = make_lane();

	(void)state;
	attempt(lane, HERE, STANDING_DOWN, 0);
	struct lane_attempt probe = begin(lane, HERE);
	assert_true(lane_has_room(lane));
	assert_false(lane_allows(lane, THERE, 5000));
	assert_int_equal(settle(lane, &probe, STANDING_WELL, 5001), LANE_BACK);
	assert_true(lane_allows(lane, THERE, 5001));
	lane_free(lane);
}

static void
test_room(void **state)
{
	struct lane *lane = make_lane();
	struct lane_attempt attempts[2];

	(void)state;
	attempts[0] = begin(lane, HERE);
	assert_true(lane_has_room(lane));
	attempts[1] = begin(lane, HERE);
	assert_false(lane_has_room(lane));
	assert_true(lane_allows(lane, HERE, 0)); /* full is not closed */
	lane_cancel(lane, &attempts[0]);
	assert_true(lane_has_room(lane));
	settle(lane, &attempts[1], STANDING_WELL, 0);
	assert_int_equal(lane->requests, 0);
	lane_free(lane);
}

static void
test_closed_since(void **state)
{
	struct lane *lane = make_lane();
	struct lane_attempt first = begin(lane, HERE);
	struct lane_attempt second = begin(lane, HERE);

	(void)state;
	assert_false(lane_closed_since(lane, &second));
	settle(lane, &first, STANDING_DOWN, 0);
	assert_true(lane_closed_since(lane, &second));
	lane_cancel(lane, &second);
	struct lane_attempt probe = begin(lane, HERE);
	assert_false(lane_closed_since(lane, &probe));
	settle(lane, &probe, STANDING_WELL, 5000);

	first = begin(lane, HERE);
	second = begin(lane, THERE);
	struct lane_attempt third = begin(lane, HERE);
	settle(lane, &first, STANDING_SENDER, 6000);
	assert_false(lane_closed_since(lane, &second));
	assert_true(lane_closed_since(lane, &third));
	settle(lane, &second, STANDING_WELL, 6000);
	lane_cancel(lane, &third);
	lane_free(lane);
}

static void
test_sender_is_told_once(void **state)
{
	struct lane *lane = make_lane();
	int64_t hour = limits.sender_ms;

	(void)state;
	assert_int_equal(
	    attempt(lane, HERE, STANDING_SENDER, 0), LANE_SENDER_CLOSED);
	assert_int_equal(attempt(lane, HERE, STANDING_SENDER, hour), 0);
	assert_false(lane_allows(lane, HERE, 2 * hour - 1));
	assert_int_equal(attempt(lane, HERE, STANDING_WELL, 2 * hour), 0);
	assert_true(lane_allows_all(lane));
	assert_int_equal(
	    attempt(lane, HERE, STANDING_SENDER, 2 * hour), LANE_SENDER_CLOSED);
	lane_free(lane);
}

static void
test_sender_refused_by_a_provider_that_is_back(void **state)
{
	struct lane *lane = make_lane();

	(void)state;
	attempt(lane, HERE, STANDING_DOWN, 0);
	assert_int_equal(attempt(lane, HERE, STANDING_SENDER, 5000),
	    LANE_BACK | LANE_SENDER_CLOSED);
	assert_true(lane_allows(lane, THERE, 5000));
	lane_free(lane);
}

static void
refuse_many(struct lane *lane, const char *kind, int64_t now_ms)
{
	for (unsigned i = 0; i < LANE_SENDERS_MAX; i++) {
		g_autofree char *domain = g_strdup_printf("%s%u", kind, i);
		attempt(lane, domain, STANDING_SENDER, now_ms);
	}
}

static void
test_senders_are_bounded(void **state)
{
	struct lane *lane = make_lane();

	(void)state;
	refuse_many(lane, "first", 0);
	attempt(lane, HERE, STANDING_SENDER, 1);
	assert_int_equal(g_hash_table_size(lane->senders), LANE_SENDERS_MAX);
	assert_true(lane_allows(lane, HERE, 1)); /* no room to remember it */
	assert_false(lane_allows(lane, "first0", 1));
	attempt(lane, HERE, STANDING_SENDER, limits.sender_ms);
	assert_int_equal(g_hash_table_size(lane->senders), 1);
	assert_false(lane_allows(lane, HERE, limits.sender_ms));
	lane_free(lane);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_standings),
		cmocka_unit_test(test_no_probe_stays),
		cmocka_unit_test(test_cancelled_probe),
		cmocka_unit_test(test_one_probe_at_a_time),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_closed_since),
		cmocka_unit_test(test_sender_is_told_once),
		cmocka_unit_test(
		    test_sender_refused_by_a_provider_that_is_back),
		cmocka_unit_test(test_senders_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
