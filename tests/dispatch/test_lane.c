/* SPDX-License-Identifier: MIT */
#include "one_lane.h"

#define NEVER INT64_C(-1)

/* What one attempt for HERE at 0 says of the lane. */
static const struct {
	enum standing standing;
	int64_t retry_ms;
	unsigned changes;
	enum lane_mode mode;
	int64_t here_ms, there_ms; /* from when mail of it is sent again */
} cases[] = {
	{ STANDING_WELL, 0, 0, LANE_OPEN, 0, 0 },
	{ STANDING_UNKNOWN, 0, 0, LANE_OPEN, 0, 0 },
	{ STANDING_DOWN, 0, 0, LANE_OPEN, 0, 0 },
	{ STANDING_DOWN, 7000, LANE_CLOSED, LANE_PAUSED, 7000, 7000 },
	{ STANDING_DOWN, INT64_MAX, LANE_CLOSED, LANE_PAUSED, 3600000,
	    3600000 },
	{ STANDING_UNUSABLE, 0, LANE_CLOSED, LANE_UNUSABLE, 100000, 100000 },
	{ STANDING_THROTTLED, 0, LANE_CLOSED, LANE_THROTTLED, 60000, 60000 },
	{ STANDING_THROTTLED, 7000, LANE_CLOSED, LANE_THROTTLED, 7000, 7000 },
	{ STANDING_THROTTLED, INT64_MAX, LANE_CLOSED, LANE_THROTTLED, 3600000,
	    3600000 },
	{ STANDING_SENDER, 0, LANE_SENDER_CLOSED, LANE_OPEN, 3600000, 0 },
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
		struct lane_attempt one = begin(lane, HERE, 0);
		struct lane_finding finding = { .standing = cases[i].standing,
			.retry_ms = cases[i].retry_ms,
			.moment = { 0, 0.5 } };

		assert_int_equal(
		    lane_settle(lane, &one, &finding), cases[i].changes);
		assert_int_equal(lane->requests, 0);
		assert_int_equal(lane_mode(lane, 0), cases[i].mode);
		check_open(lane, HERE, cases[i].here_ms);
		check_open(lane, THERE, cases[i].there_ms);
		assert_int_equal(lane_allows_all(lane), cases[i].here_ms == 0);
		assert_int_equal(lane_until(lane, 0), cases[i].there_ms);
		assert_int_equal(lane_next_ms(lane, 0), cases[i].there_ms);
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
	static const enum standing before[] = { STANDING_UNUSABLE,
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
	static const enum standing before[] = { STANDING_UNUSABLE,
		STANDING_SENDER };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(before); i++) {
		struct lane *lane = make_lane();

		attempt(lane, HERE, before[i], 0);
		struct lane_attempt probe = begin(lane, HERE, 0);
		assert_false(lane_allows(lane, HERE, limits.sender_ms));
		lane_cancel(lane, &probe);
		assert_true(lane_allows(lane, HERE, limits.sender_ms));
		assert_int_equal(lane->requests, 0);
		lane_free(lane);
	}
}

/* One at a time, three in a row, each wanted. */
static void
test_probes(void **state)
{
	struct lane *lane = make_lane();
	unsigned changes = 0;

	(void)state;
	assert_int_equal(go_down(lane, 0), LANE_CLOSED);
	assert_int_equal(lane_mode(lane, 4999), LANE_PAUSED);
	assert_int_equal(lane_next_ms(lane, 4999), 5000);
	assert_false(lane_wants_probe(lane, 4999));
	assert_int_equal(lane_mode(lane, 5000), LANE_PROBING);
	/* nobody saw it yet, be it late */
	assert_int_equal(lane_next_ms(lane, 5000), 5000);
	assert_int_equal(lane_next_ms(lane, 5001), 5001);
	assert_int_equal(lane_tick(lane, 5000), 0);
	for (unsigned i = 0; i < BREAKER_SUCCESSES; i++) {
		assert_int_equal(changes, 0);
		assert_true(lane_wants_probe(lane, 5000));
		struct lane_attempt probe = begin(lane, HERE, 5000);
		assert_true(lane_has_room(lane));
		assert_false(lane_allows(lane, THERE, 5000));
		assert_false(lane_wants_probe(lane, 5000));
		assert_int_equal(lane_next_ms(lane, 5000), 0);
		changes = settle(lane, &probe, STANDING_WELL, 5000);
	}
	assert_int_equal(changes, LANE_BACK);
	assert_int_equal(lane_mode(lane, 5001), LANE_OPEN);
	/* and slowly */
	struct lane_attempt one = begin(lane, HERE, 5001);
	assert_false(lane_has_room(lane));
	settle(lane, &one, STANDING_WELL, 5001);
	begin(lane, HERE, 5001);
	assert_true(lane_has_room(lane));
	lane_free(lane);
}

static void
test_room(void **state)
{
	struct lane *lane = make_lane();
	struct lane_attempt all[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_true(lane_has_room(lane));
		all[i] = begin(lane, HERE, 0);
	}
	assert_false(lane_has_room(lane));
	assert_true(lane_allows(lane, HERE, 0)); /* full is not closed */
	lane_cancel(lane, &all[0]);
	assert_true(lane_has_room(lane));
	settle(lane, &all[1], STANDING_WELL, 0);
	settle(lane, &all[2], STANDING_WELL, 0);
	assert_int_equal(lane->requests, 0);
	lane_free(lane);
}

static void
test_closed_since(void **state)
{
	struct lane *lane = make_lane();
	struct lane_attempt first = begin(lane, HERE, 0);
	struct lane_attempt second = begin(lane, HERE, 0);

	(void)state;
	assert_false(lane_closed_since(lane, &second));
	settle(lane, &first, STANDING_UNUSABLE, 0);
	assert_true(lane_closed_since(lane, &second));
	lane_cancel(lane, &second);
	struct lane_attempt probe = begin(lane, HERE, 100000);
	assert_false(lane_closed_since(lane, &probe));
	settle(lane, &probe, STANDING_WELL, 100000);

	first = begin(lane, HERE, 100000);
	second = begin(lane, THERE, 100000);
	struct lane_attempt third = begin(lane, HERE, 100000);
	settle(lane, &first, STANDING_SENDER, 100000);
	assert_false(lane_closed_since(lane, &second));
	assert_true(lane_closed_since(lane, &third));
	settle(lane, &third, STANDING_THROTTLED, 100000);
	assert_true(lane_closed_since(lane, &second));
	lane_cancel(lane, &second);
	lane_free(lane);
}

/* What a lane says that is shut in some way since 0. */
enum shutter {
	SHUT_NOTHING,
	SHUT_ROOM,     /* all requests are under way */
	SHUT_DOWN,     /* it failed */
	SHUT_PROBE,    /* one is under way, to see */
	SHUT_SENDER,   /* HERE is refused */
	SHUT_THROTTLE, /* for 8 s */
	SHUT_LONG,     /* throttled for a minute */
	SHUT_RATE,     /* one in two seconds, one sent */
	SHUT_SLOW,     /* one in twenty */
	SHUT_QUOTA,    /* for this hour */
	SHUT_MOVED,    /* all that it takes of others was taken */
};

static const struct {
	enum shutter shut;
	bool overflow, failover;
	int64_t at_ms;
	enum lane_answer answer;
	int64_t when_ms;
} answers[] = {
	{ SHUT_NOTHING, true, false, 0, LANE_TAKES, 0 },
	{ SHUT_NOTHING, true, true, 0, LANE_TAKES, 0 },
	{ SHUT_ROOM, true, false, 0, LANE_BUSY, 0 },
	{ SHUT_DOWN, true, false, 1, LANE_CLOSED_NOW, 5000 },
	{ SHUT_DOWN, false, false, 1, LANE_CLOSED_NOW, 5000 },
	{ SHUT_DOWN, true, false, 5000, LANE_TAKES, 0 },
	{ SHUT_PROBE, true, false, 5000, LANE_CLOSED_NOW, 0 },
	{ SHUT_SENDER, true, false, 1, LANE_CLOSED_NOW, 3600000 },
	{ SHUT_THROTTLE, true, false, 1, LANE_LATER, 8000 },
	{ SHUT_THROTTLE, false, false, 1, LANE_BUSY, 8000 },
	{ SHUT_THROTTLE, false, false, 8000, LANE_TAKES, 0 },
	{ SHUT_LONG, true, false, 1, LANE_CLOSED_NOW, 60000 },
	{ SHUT_LONG, false, false, 1, LANE_KEEPS, 60000 },
	{ SHUT_LONG, true, false, 50000, LANE_LATER, 60000 },
	{ SHUT_LONG, false, false, 50000, LANE_BUSY, 60000 },
	{ SHUT_RATE, true, false, 500, LANE_LATER, 2000 },
	{ SHUT_RATE, false, false, 500, LANE_BUSY, 2000 },
	{ SHUT_RATE, false, false, 2000, LANE_TAKES, 0 },
	{ SHUT_SLOW, true, false, 0, LANE_CLOSED_NOW, 20000 },
	{ SHUT_SLOW, false, false, 0, LANE_KEEPS, 20000 },
	{ SHUT_QUOTA, true, false, 0, LANE_CLOSED_NOW, 600000 },
	{ SHUT_QUOTA, false, false, 0, LANE_KEEPS, 600000 },
	{ SHUT_QUOTA, true, false, 595000, LANE_LATER, 600000 },
	{ SHUT_QUOTA, true, false, 600000, LANE_TAKES, 0 },
	{ SHUT_MOVED, true, true, 0, LANE_LATER, 334 },
	{ SHUT_MOVED, false, true, 0, LANE_LATER, 334 },
	{ SHUT_MOVED, true, false, 0, LANE_TAKES, 0 },
	{ SHUT_MOVED, true, true, 334, LANE_TAKES, 0 },
};

static void
throttle(struct lane *lane, int64_t retry_ms)
{
	struct lane_attempt one = begin(lane, HERE, 0);
	const struct lane_finding finding = { .standing = STANDING_THROTTLED,
		.retry_ms = retry_ms,
		.moment = { 0, 0.5 } };

	lane_settle(lane, &one, &finding);
}

static void
use_up(struct lane *lane, bool failover, unsigned count)
{
	const struct lane_query query = { HERE, failover, 1 };

	for (unsigned i = 0; i < count; i++) {
		struct lane_attempt one = lane_begin(lane, &query, 0);
		settle(lane, &one, STANDING_WELL, 0);
	}
}

static void
shut(struct lane *lane, enum shutter how)
{
	switch (how) {
	case SHUT_NOTHING:
		return;
	case SHUT_ROOM:
		for (unsigned i = 0; i < 3; i++)
			begin(lane, HERE, 0);
		return;
	case SHUT_DOWN:
	case SHUT_PROBE:
		go_down(lane, 0);
		if (how == SHUT_PROBE)
			begin(lane, HERE, 5000);
		return;
	case SHUT_SENDER:
		attempt(lane, HERE, STANDING_SENDER, 0);
		return;
	case SHUT_THROTTLE:
	case SHUT_LONG:
		throttle(lane, how == SHUT_LONG ? 60000 : 8000);
		return;
	case SHUT_RATE:
	case SHUT_SLOW:
	case SHUT_QUOTA:
		use_up(lane, false, 1);
		return;
	case SHUT_MOVED:
		use_up(lane, true, 30);
		return;
	}
}

static void
test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
		enum shutter how = answers[i].shut;
		struct lane *lane = make_paced(&(struct provider_pace){
		    .rate = how == SHUT_RATE   ? 0.5
			    : how == SHUT_SLOW ? 0.05
					       : 0,
		    .burst = 1,
		    .hour_max = how == SHUT_QUOTA ? 1 : 0,
		    .overflow = answers[i].overflow,
		});
		const struct lane_query query = { HERE, answers[i].failover,
			1 };
		int64_t when = NEVER;

		/* ten minutes before the hour */
		lane_clock(lane, QUOTA_HOUR_MS - 600000, 0);
		shut(lane, how);
		enum lane_answer answer =
		    lane_ask(lane, &query, answers[i].at_ms, &when);
		if (answer != answers[i].answer || when != answers[i].when_ms)
			fail_msg("row %zu: answer %d, when %" G_GINT64_FORMAT,
			    i + 1, answer, when);
		lane_free(lane);
	}
}

/* Time alone opens a gate, and begins a quota anew: told by a tick. */
static void
test_ticks(void **state)
{
	const struct provider_pace pace = { .burst = 1, .hour_max = 3 };
	struct lane *lane = make_paced(&pace);

	(void)state;
	throttle(lane, 8000);
	assert_int_equal(lane_next_ms(lane, 100), 8000);
	assert_int_equal(lane_tick(lane, 7999), 0);
	assert_int_equal(lane_tick(lane, 8000), LANE_BACK);
	assert_int_equal(lane_tick(lane, 8001), 0);
	assert_int_equal(lane_next_ms(lane, 8001), 0);

	assert_int_equal(attempts(lane, 2, STANDING_WELL, 200000), 0);
	assert_int_equal(
	    attempt(lane, HERE, STANDING_WELL, 200000), LANE_CLOSED);
	assert_int_equal(lane_mode(lane, 200000), LANE_EXHAUSTED);
	assert_int_equal(lane_next_ms(lane, 200000), QUOTA_HOUR_MS);
	assert_int_equal(lane_tick(lane, QUOTA_HOUR_MS - 1), 0);
	assert_int_equal(lane_tick(lane, QUOTA_HOUR_MS), LANE_BACK);
	lane_free(lane);
}

/* Who is next of so many in each line, in all: f, t, m. */
static void
test_lines(void **state)
{
	static const char *const expected = "mmftffftfff";
	static const unsigned counts[] = {
		[LANE_FRESH] = 7, [LANE_TRIED] = 2, [LANE_MOVED] = 2
	};
	struct lane *lane = make_lane();
	GString *order = g_string_new(NULL);
	GList *link;

	(void)state;
	for (unsigned line = 0; line < LANE_LINES; line++)
		for (unsigned i = 0; i < counts[line]; i++)
			lane_wait(lane,
			    g_list_append(NULL, GUINT_TO_POINTER(line)), line);
	lane->fresh_moved = 2;
	while ((link = lane_next(lane, 0)) != NULL) {
		unsigned line = GPOINTER_TO_UINT(link->data);
		g_string_append_c(order, "ftm"[line]);
		lane_leave(lane, link, line);
		g_list_free(link);
	}
	assert_string_equal(order->str, expected);
	g_string_free(order, TRUE);
	lane_free(lane);
}

/* Nobody's turn comes while the lane takes nobody; the timer knows when. */
static void
test_lines_wait(void **state)
{
	const struct provider_pace pace = { .rate = 0.5, .burst = 1 };
	struct lane *lane = make_paced(&pace);
	GList *link = g_list_append(NULL, lane);

	(void)state;
	attempt(lane, HERE, STANDING_WELL, 0);
	assert_int_equal(lane_next_ms(lane, 0), 0);
	lane_wait(lane, link, LANE_FRESH);
	assert_null(lane_next(lane, 1999));
	assert_int_equal(lane_next_ms(lane, 0), 2000);
	assert_int_equal(lane_next_ms(lane, 1999), 2000);
	assert_int_equal(lane_next_ms(lane, 2000), 2000);
	assert_int_equal(lane_next_ms(lane, 2001), 2001);
	assert_ptr_equal(lane_next(lane, 2000), link);
	lane_leave(lane, link, LANE_FRESH);
	g_list_free(link);
	lane_free(lane);
}

/* A quota begins anew: whoever waits for that is due then, and later. */
static void
test_quota_wait(void **state)
{
	const struct provider_pace pace = { .burst = 1, .hour_max = 1 };
	struct lane *lane = make_paced(&pace);
	GList *link = g_list_append(NULL, lane);

	(void)state;
	attempt(lane, HERE, STANDING_WELL, 0);
	lane_wait(lane, link, LANE_FRESH);
	assert_int_equal(lane_next_ms(lane, 0), QUOTA_HOUR_MS);
	for (int64_t late = 0; late < 3; late++)
		assert_int_equal(lane_next_ms(lane, QUOTA_HOUR_MS + late),
		    QUOTA_HOUR_MS + late);
	lane_leave(lane, link, LANE_FRESH);
	g_list_free(link);
	lane_free(lane);
}

/* The last of a quota is under way: it may come back, so the lane is busy, and
 * closed no sooner than it is used. */
static void
test_quota_under_way(void **state)
{
	const struct lane_query query = { HERE, false, 1 };
	struct provider_pace pace = { .burst = 1, .hour_max = 1 };
	const struct lane_finding refused = {
		.standing = STANDING_WELL,
		.moment = { 0, 0.5 },
	};
	int64_t when;

	(void)state;
	for (unsigned overflow = 0; overflow < 2; overflow++) {
		pace.overflow = overflow;
		struct lane *lane = make_paced(&pace);
		enum lane_answer busy = overflow ? LANE_LATER : LANE_BUSY;
		struct lane_attempt one = begin(lane, HERE, 0);
		GList *link = g_list_append(NULL, lane);

		assert_int_equal(lane_tick(lane, 0), 0);
		assert_int_equal(lane_mode(lane, 0), LANE_OPEN);
		assert_true(lane_allows(lane, HERE, 0));
		assert_int_equal(lane_until(lane, 0), 0);
		assert_int_equal(lane_ask(lane, &query, 0, &when), busy);
		assert_int_equal(when, 0);
		assert_int_equal(
		    lane_ask(lane, &query, QUOTA_HOUR_MS - 5, &when), busy);
		assert_int_equal(when, QUOTA_HOUR_MS);
		lane_wait(lane, link, LANE_FRESH);
		assert_null(lane_next(lane, 0));

		/* what nobody takes is not of it: the next one goes */
		assert_int_equal(lane_settle(lane, &one, &refused), 0);
		assert_ptr_equal(lane_next(lane, 0), link);
		lane_leave(lane, link, LANE_FRESH);
		g_list_free(link);
		assert_int_equal(lane_ask(lane, &query, 0, &when), LANE_TAKES);

		one = begin(lane, HERE, 0);
		assert_int_equal(
		    settle(lane, &one, STANDING_WELL, 0), LANE_CLOSED);
		assert_int_equal(lane_mode(lane, 0), LANE_EXHAUSTED);
		assert_int_equal(lane_ask(lane, &query, 0, &when),
		    overflow ? LANE_CLOSED_NOW : LANE_KEEPS);
		assert_int_equal(when, QUOTA_HOUR_MS);
		lane_free(lane);
	}
}

/* A mail to more than are left of the quota stands in nobody's way, however
 * soon it begins anew. */
static void
test_too_large(void **state)
{
	const struct lane_query query = { HERE, false, 3 };
	struct provider_pace pace = { .burst = 1, .hour_max = 3 };
	int64_t soon = QUOTA_HOUR_MS - 5, when;

	(void)state;
	for (unsigned overflow = 0; overflow < 2; overflow++) {
		pace.overflow = overflow;
		struct lane *lane = make_paced(&pace);
		attempt(lane, HERE, STANDING_WELL, 0);
		assert_int_equal(lane_ask(lane, &query, soon, &when),
		    overflow ? LANE_CLOSED_NOW : LANE_KEEPS);
		assert_int_equal(when, QUOTA_HOUR_MS);
		assert_int_equal(
		    lane_ask(lane, &query, when, &when), LANE_TAKES);
		lane_free(lane);
	}
}

/* No more stand in a line than go in ten seconds; the others come one by one,
 * or at once when it got faster. */
static void
test_full(void **state)
{
	const struct provider_pace pace = { .rate = 0.5, .burst = 1 };
	const struct lane_query query = { HERE, false, 1 };
	struct lane *lane = make_paced(&pace);
	GList *links[5];
	int64_t when;

	(void)state;
	attempt(lane, HERE, STANDING_WELL, 0);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(lane_ask(lane, &query, 0, &when), LANE_BUSY);
		assert_int_equal(when, 2000);
		links[i] = g_list_append(NULL, lane);
		lane_wait(lane, links[i], LANE_FRESH);
	}
	assert_int_equal(lane_ask(lane, &query, 0, &when), LANE_KEEPS);
	assert_int_equal(when, LANE_LATER_MS);
	assert_int_equal(lane_promise(lane, 0), 12000);
	assert_int_equal(lane_promise(lane, 1000), 14000);
	assert_false(lane_lacks(lane, 2000));
	for (unsigned i = 0; i < 5; i++) {
		lane_leave(lane, links[i], LANE_FRESH);
		g_list_free(links[i]);
	}
	assert_false(lane_lacks(lane, 1999));
	assert_true(lane_lacks(lane, 2000));
	assert_false(lane_lacks(lane, 2000));
	assert_int_equal(lane_promise(lane, 100000), 112000);
	lane_free(lane);
}

/* Those who moved wait for their allowance, the others pass. */
static void
test_moved_wait(void **state)
{
	struct lane *lane = make_lane();
	GList *moved = g_list_append(NULL, lane);
	GList *fresh = g_list_append(NULL, lane);

	(void)state;
	use_up(lane, true, 30);
	lane_wait(lane, moved, LANE_MOVED);
	assert_null(lane_next(lane, 0));
	assert_int_equal(lane_next_ms(lane, 0), 334);
	assert_int_equal(lane_next_ms(lane, 334), 334);
	assert_int_equal(lane_next_ms(lane, 335), 335);
	lane_wait(lane, fresh, LANE_FRESH);
	assert_ptr_equal(lane_next(lane, 0), fresh);
	assert_ptr_equal(lane_next(lane, 334), moved);
	assert_int_equal(lane_waiting(lane), 2);
	lane_leave(lane, moved, LANE_MOVED);
	lane_leave(lane, fresh, LANE_FRESH);
	g_list_free(moved);
	g_list_free(fresh);
	lane_free(lane);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_standings),
		cmocka_unit_test(test_no_probe_stays),
		cmocka_unit_test(test_cancelled_probe),
		cmocka_unit_test(test_probes),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_closed_since),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_ticks),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_lines_wait),
		cmocka_unit_test(test_quota_wait),
		cmocka_unit_test(test_quota_under_way),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_moved_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
