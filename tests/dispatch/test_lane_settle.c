/* SPDX-License-Identifier: MIT */
#include "one_lane.h"

/* Half as many, when something timed out or was too much. */
static void
test_limit_is_cut(void **state)
{
	struct lane *lane = make_lane();
	struct lane_attempt one = begin(lane, HERE, 0);
	struct lane_finding finding = { .standing = STANDING_DOWN,
		.timed_out = true,
		.moment = { 0, 0.5 } };

	(void)state;
	lane_settle(lane, &one, &finding);
	assert_int_equal(lane->limit.now, 1);
	for (unsigned i = 0; i < 3; i++)
		attempt(lane, HERE, STANDING_WELL, 1);
	assert_int_equal(lane->limit.now, 3);
	attempt(lane, HERE, STANDING_THROTTLED, 1);
	assert_int_equal(lane->limit.now, 1);
	lane_free(lane);
}

/* Refused at once is counted; nothing at all in all that time is enough. */
static void
test_nobody_there(void **state)
{
	static const struct {
		bool unreached, timed_out;
		unsigned changes;
	} rows[] = { { true, true, LANE_CLOSED }, { true, false, 0 },
		{ false, true, 0 } };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct lane *lane = make_lane();
		struct lane_attempt one = begin(lane, HERE, 0);
		const struct lane_finding finding = {
			.standing = STANDING_DOWN,
			.unreached = rows[i].unreached,
			.timed_out = rows[i].timed_out,
			.duration_ms = 2000,
			.moment = { 2000, 0.5 },
		};

		assert_int_equal(
		    lane_settle(lane, &one, &finding), rows[i].changes);
		lane_free(lane);
	}
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
	attempt(lane, HERE, STANDING_UNUSABLE, 0);
	assert_int_equal(attempt(lane, HERE, STANDING_SENDER, 100000),
	    LANE_BACK | LANE_SENDER_CLOSED);
	assert_true(lane_allows(lane, THERE, 100000));
	lane_free(lane);
}

static void
refuse_many(struct lane *lane, const char *kind, int64_t now_ms)
{
	for (unsigned i = 0; i < SENDERS_MAX; i++) {
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
	/* no news, or it would be one with each mail */
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(attempt(lane, HERE, STANDING_SENDER, 1), 0);
	assert_int_equal(g_hash_table_size(lane->senders), SENDERS_MAX);
	assert_true(lane_allows(lane, HERE, 1)); /* no room to remember it */
	assert_false(lane_allows(lane, "first0", 1));
	attempt(lane, HERE, STANDING_SENDER, limits.sender_ms);
	assert_int_equal(g_hash_table_size(lane->senders), 1);
	assert_false(lane_allows(lane, HERE, limits.sender_ms));
	lane_free(lane);
}

/* Mail that nobody took for certain is not of the quota, a doubt is. */
static void
test_quota_counts_what_may_be_taken(void **state)
{
	static const struct {
		enum standing standing;
		bool unreached;
		unsigned accepted, taken; /* of three */
		uint64_t used;
	} rows[] = { { STANDING_WELL, false, 3, 3, 3 },
		{ STANDING_WELL, false, 1, 2, 2 }, /* one refused */
		{ STANDING_WELL, false, 0, 0, 0 },
		{ STANDING_DOWN, false, 0, 3, 3 }, /* a doubt */
		{ STANDING_DOWN, false, 0, 0, 0 }, /* 503 */
		{ STANDING_DOWN, true, 0, 0, 0 },
		{ STANDING_THROTTLED, false, 0, 0, 0 },
		{ STANDING_UNUSABLE, false, 0, 0, 0 },
		{ STANDING_SENDER, false, 1, 1, 1 },
		{ STANDING_UNKNOWN, false, 0, 0, 0 } };
	const struct provider_pace pace = { .burst = 1, .hour_max = 3 };
	const struct lane_query query = { HERE, false, 3 };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct lane *lane = make_paced(&pace);
		struct lane_attempt one = lane_begin(lane, &query, 0);
		const struct lane_finding finding = {
			.standing = rows[i].standing,
			.unreached = rows[i].unreached,
			.accepted = rows[i].accepted,
			.taken = rows[i].taken,
			.moment = { 0, 0.5 },
		};

		lane_settle(lane, &one, &finding);
		assert_int_equal(quota_used(&lane->gate.hour, 0), rows[i].used);
		lane_free(lane);
	}
}

/* A mail of its own, refused as such or taken. */
static unsigned
finish_mail(struct lane *lane, const struct lane_attempt *one, unsigned mail,
    bool accepted)
{
	const struct lane_finding finding = {
		.standing = STANDING_WELL,
		.accepted = accepted,
		.refused = !accepted,
		.mail = mail,
		.sender = mail,
		.text = "554 no",
		.moment = { mail, 0.5 },
	};

	return lane_settle(lane, one, &finding);
}

static unsigned
send_mail(struct lane *lane, unsigned mail, bool accepted)
{
	assert_true(lane_allows(lane, HERE, mail));
	struct lane_attempt one = begin(lane, HERE, mail);
	return finish_mail(lane, &one, mail, accepted);
}

static void
test_refuses_everything(void **state)
{
	struct lane *lane = make_lane();
	struct lane_attempt early = begin(lane, HERE, 0);
	unsigned changes = 0;

	(void)state;
	for (unsigned mail = 1; mail <= GUARD_MAILS; mail++) {
		assert_int_equal(changes, 0);
		changes = send_mail(lane, mail, false);
		assert_int_equal(lane_refusals(lane), mail);
	}
	assert_int_equal(changes, LANE_DISTRUSTED | LANE_CLOSED);
	assert_true(lane_is_distrusted(lane));
	assert_int_equal(lane_mode(lane, 11), LANE_DISTRUST);
	assert_int_equal(lane_until(lane, 11), 100010);
	assert_string_equal(lane->why, "554 no");
	/* what it took before says nothing */
	assert_int_equal(finish_mail(lane, &early, 20, true), 0);
	assert_true(lane_is_distrusted(lane));
	/* a probe that is refused is none that was taken */
	assert_int_equal(send_mail(lane, 100010, false), 0);
	assert_int_equal(lane_until(lane, 100010), 200010);
	assert_int_equal(
	    send_mail(lane, 200010, true), LANE_BELIEVED | LANE_BACK);
	assert_false(lane_is_distrusted(lane));
	assert_int_equal(lane_refusals(lane), 0);
	assert_int_equal(send_mail(lane, 200011, true), 0);
	lane_free(lane);
}

/* Those on its suppression list say nothing for or against it. */
static void
test_distrusted_and_suppressed(void **state)
{
	struct lane *lane = make_lane();
	const struct lane_finding nobody = { .standing = STANDING_WELL,
		.moment = { 200000, 0.5 } };

	(void)state;
	for (unsigned mail = 1; mail <= GUARD_MAILS; mail++)
		send_mail(lane, mail, false);
	struct lane_attempt one = begin(lane, HERE, 200000);
	assert_int_equal(lane_settle(lane, &one, &nobody), 0);
	assert_true(lane_is_distrusted(lane));
	assert_true(lane_wants_probe(lane, 200000));
	lane_free(lane);
}

static void
test_refusals_are_believed(void **state)
{
	struct lane *lane = make_lane();

	(void)state;
	send_mail(lane, 1, false);
	send_mail(lane, 2, false);
	assert_int_equal(send_mail(lane, 3, true), LANE_BELIEVED);
	lane_free(lane);
}

static unsigned
reach_nobody(struct lane *lane, int64_t now_ms)
{
	struct lane_attempt one = begin(lane, HERE, now_ms);
	const struct lane_finding finding = { .standing = STANDING_DOWN,
		.unreached = true,
		.moment = { now_ms, 0.5 } };

	return lane_settle(lane, &one, &finding);
}

static void
test_cut_off(void **state)
{
	struct cutoff *cutoff = cutoff_new();
	struct lane *one = make_lane(), *two = make_lane();

	(void)state;
	lane_join(one, cutoff);
	lane_join(two, cutoff);
	for (unsigned i = 0; i < BREAKER_FAILURES - 1; i++)
		assert_int_equal(reach_nobody(one, 0), 0);
	assert_int_equal(reach_nobody(one, 0), LANE_CLOSED);
	assert_int_equal(reach_nobody(two, 1000), LANE_ALL_CUT_OFF);
	for (unsigned i = 0; i < 2; i++) {
		struct lane *lane = i == 0 ? one : two;
		assert_int_equal(lane_tick(lane, 1000), 0);
		assert_int_equal(lane_mode(lane, 1000), LANE_CUT_OFF);
		assert_int_equal(lane_until(lane, 1000), 6000);
	}
	assert_int_equal(reach_nobody(one, 6000), 0);
	assert_int_equal(lane_until(one, 6000), 11000);
	assert_int_equal(
	    attempt(two, HERE, STANDING_WELL, 6000), LANE_ALL_CONNECTED);
	assert_int_equal(lane_mode(one, 6000), LANE_OPEN);
	assert_int_equal(lane_mode(two, 6000), LANE_OPEN);
	assert_int_equal(one->limit.now, 3); /* it never failed */
	lane_free(one);
	lane_free(two);
	cutoff_free(cutoff);
}

/* An account that needs a person is told though the lane was closed before. */
static void
test_worse_is_told(void **state)
{
	struct lane *lane = make_lane();

	(void)state;
	assert_int_equal(go_down(lane, 0), LANE_CLOSED);
	assert_int_equal(attempt(lane, HERE, STANDING_DOWN, 5000), 0);
	assert_int_equal(
	    attempt(lane, HERE, STANDING_UNUSABLE, 15000), LANE_CLOSED);
	assert_int_equal(attempt(lane, HERE, STANDING_UNUSABLE, 115000), 0);
	lane_free(lane);
}

/* Well for 35 s, down for 35 s, for ten hours of ten mails a second:
 * how many fail is bounded by the rests, not by the mails. */
static void
test_flapping(void **state)
{
	const int64_t hours = 10 * 60 * 60 * INT64_C(1000);
	struct lane *lane = make_lane();
	const struct lane_query query = { HERE, false, 1 };
	unsigned failed = 0, taken = 0;
	int64_t when;

	(void)state;
	for (int64_t now = 0; now < hours; now += 100) {
		bool down = now / 35000 % 2 == 1;
		if (lane_ask(lane, &query, now, &when) != LANE_TAKES)
			continue;
		attempt(lane, HERE, down ? STANDING_DOWN : STANDING_WELL, now);
		failed += down;
		taken += !down;
	}
	/* five to open it, then it rests for a minute at least */
	assert_in_range(failed, 100, 600 * BREAKER_FAILURES + 20);
	assert_in_range(taken, 5000, 180000);
	lane_free(lane);
}

static void
throttle(struct lane *lane, int64_t retry_ms, int64_t now_ms)
{
	struct lane_attempt one = begin(lane, HERE, now_ms);
	const struct lane_finding finding = {
		.standing = STANDING_THROTTLED,
		.retry_ms = retry_ms,
		.moment = { now_ms, 0.5 },
	};

	lane_settle(lane, &one, &finding);
}

/* Again and again, and it is asked less and less; the time it names is never
 * made shorter. */
static void
test_throttles_in_a_row(void **state)
{
	static const struct {
		int64_t retry_ms;
		int64_t pauses[9]; /* s */
	} rows[] = {
		{ 0, { 60, 120, 240, 300, 300, 300, 300, 300, 300 } },
		{ 2000, { 2, 2, 2, 4, 8, 16, 32, 60, 60 } },
		{ 600000, { 600, 600, 600, 600, 600, 600, 600, 600, 600 } },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct lane *lane = make_lane();
		int64_t now = 0;
		for (unsigned n = 0; n < 9; n++) {
			throttle(lane, rows[i].retry_ms, now);
			assert_int_equal(lane_until(lane, now) - now,
			    rows[i].pauses[n] * 1000);
			now = lane_until(lane, now);
			lane_tick(lane, now);
			assert_int_equal(lane->since_ms, 0); /* one trouble */
		}
		now += 10000;
		attempt(lane, HERE, STANDING_WELL, now);
		assert_int_equal(lane->since_ms, now);
		now += 10000;
		throttle(lane, rows[i].retry_ms, now);
		assert_int_equal(
		    lane_until(lane, now) - now, rows[i].pauses[0] * 1000);
		lane_free(lane);
	}
}

/* Its beginning is told, over all pauses, until it is well. */
static void
test_since(void **state)
{
	struct lane *lane = make_lane();

	(void)state;
	go_down(lane, 1000);
	assert_int_equal(lane_tick(lane, 6000), 0);
	assert_int_equal(lane->mode, LANE_PROBING);
	assert_int_equal(attempt(lane, HERE, STANDING_DOWN, 6000), LANE_LONGER);
	lane_tick(lane, 16000);
	attempt(lane, HERE, STANDING_WELL, 16000);
	assert_int_equal(lane->since_ms, 1000);
	attempts(lane, 2, STANDING_WELL, 17000);
	assert_int_equal(lane->mode, LANE_OPEN);
	assert_int_equal(lane->since_ms, 17000);
	lane_free(lane);
}

/* Its account was refused: with the pause over it is tried by the next mail,
 * like any other. */
static void
test_account_tried_again(void **state)
{
	struct lane *lane = make_lane();

	(void)state;
	attempt(lane, HERE, STANDING_UNUSABLE, 0);
	assert_int_equal(lane_mode(lane, 99999), LANE_UNUSABLE);
	assert_int_equal(lane_mode(lane, 100000), LANE_PROBING);
	lane_tick(lane, 100000);
	assert_int_equal(
	    attempt(lane, HERE, STANDING_UNUSABLE, 100000), LANE_CLOSED);
	assert_int_equal(lane_mode(lane, 100000), LANE_UNUSABLE);
	assert_int_equal(lane->since_ms, 0);
	lane_free(lane);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limit_is_cut),
		cmocka_unit_test(test_nobody_there),
		cmocka_unit_test(test_sender_is_told_once),
		cmocka_unit_test(
		    test_sender_refused_by_a_provider_that_is_back),
		cmocka_unit_test(test_senders_are_bounded),
		cmocka_unit_test(test_quota_counts_what_may_be_taken),
		cmocka_unit_test(test_refuses_everything),
		cmocka_unit_test(test_distrusted_and_suppressed),
		cmocka_unit_test(test_refusals_are_believed),
		cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_throttles_in_a_row),
		cmocka_unit_test(test_since),
		cmocka_unit_test(test_account_tried_again),
		cmocka_unit_test(test_worse_is_told),
		cmocka_unit_test(test_flapping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
