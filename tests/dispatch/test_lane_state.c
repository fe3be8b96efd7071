/* SPDX-License-Identifier: MIT */
#include "lane_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define HERE "example.com"
#define WALL INT64_C(1700000000000) /* at 0 of the first life */
#define NEXT INT64_C(5000000)       /* the wall clock less that is the second */

static const struct lane_limits limits = {
	.breaker = { 5000, 300000 },
	.account_ms = 100000,
	.sender_ms = 3600000,
	.throttle_ms = 60000,
};

static const struct translator translator = { .type = "mailgun" };

static struct provider provider = {
	.name = (char *)"first",
	.translator = &translator,
	.endpoint.connections = 32,
	.pace = { .burst = 1, .hour_max = 100, .day_max = 1000 },
};

/* The wall clock shows WALL at that time of this life. */
static struct lane *
make_lane(int64_t at_ms)
{
	struct lane *lane = lane_new(&provider, 0, &limits);

	lane_clock(lane, WALL, at_ms);
	return lane;
}

static void
attempt(struct lane *lane, enum standing standing, int64_t now_ms)
{
	const struct lane_query query = { HERE, false, 2 };
	struct lane_attempt one = lane_begin(lane, &query, now_ms);
	const struct lane_finding finding = {
		.standing = standing,
		.accepted = standing == STANDING_WELL ? 2 : 0,
		.taken = standing == STANDING_WELL ? 2 : 0,
		.text = standing == STANDING_WELL ? NULL : "no = 5 %, or so",
		.moment = { now_ms, 0.5 },
	};

	lane_settle(lane, &one, &finding);
}

/* These mails, each of a sender of its own. */
static void
refuse(struct lane *lane, unsigned first, unsigned count)
{
	for (unsigned i = first; i < first + count; i++) {
		const struct lane_query query = { HERE, false, 1 };
		struct lane_attempt one = lane_begin(lane, &query, 0);
		const struct lane_finding finding = {
			.standing = STANDING_WELL,
			.refused = 1,
			.mail = i,
			.sender = i,
			.text = "never",
			.moment = { 0, 0.5 },
		};
		lane_settle(lane, &one, &finding);
	}
}

static void
live(struct lane *lane, const char *kind)
{
	if (*kind == 'd') /* distrusted */
		refuse(lane, 0, GUARD_MAILS);
	for (; *kind >= '1' && *kind <= '9'; kind++) /* fails */
		attempt(lane, STANDING_DOWN, 0);
	if (*kind == 'a')
		attempt(lane, STANDING_UNUSABLE, 0);
	if (*kind == 't')
		attempt(lane, STANDING_THROTTLED, 0);
	if (*kind == 's')
		attempt(lane, STANDING_SENDER, 0);
	if (*kind == 'w')
		attempt(lane, STANDING_WELL, 0);
}

/* What a lane was in its first life, and is 1 s later in its next. */
static const struct {
	const char *kind;
	enum lane_mode mode;
	int64_t left_ms; /* until it is asked again */
	const char *why;
} cases[] = {
	{ "w", LANE_OPEN, 0, NULL },
	{ "11111", LANE_PAUSED, 4000, "no = 5 %, or so" },
	{ "a", LANE_UNUSABLE, 99000, "no = 5 %, or so" },
	{ "t", LANE_THROTTLED, 59000, "no = 5 %, or so" },
	{ "d", LANE_DISTRUST, 99000, "never" },
	{ "s", LANE_OPEN, 0, NULL },
};

static struct lane *
restart(const struct lane *lane, int64_t now_ms)
{
	g_autofree char *line = lane_state_tell(lane, now_ms);
	struct lane *next = lane_new(&provider, 0, &limits);

	lane_clock(next, WALL + now_ms, NEXT + now_ms);
	if (!lane_state_recall(next, line, NEXT + now_ms))
		fail_msg("not recalled: %s", line);
	return next;
}

static void
test_restarts(void **state)
{
	const int64_t now = NEXT + 1000;

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct lane *lane = make_lane(0);
		live(lane, cases[i].kind);
		struct lane *next = restart(lane, 1000);
		int64_t until = lane_until(next, now);

		assert_int_equal(lane_mode(next, now), cases[i].mode);
		assert_int_equal(until > 0 ? until - now : 0, cases[i].left_ms);
		if (cases[i].why != NULL)
			assert_string_equal(next->why, cases[i].why);
		assert_int_equal(lane_tick(next, now), 0); /* told before */
		assert_int_equal(lane_allows(next, HERE, now + 200000),
		    *cases[i].kind != 's');
		lane_free(lane);
		lane_free(next);
	}
}

/* Half-open at its time, also when that passed while nobody was there. */
static void
test_never_closed(void **state)
{
	struct lane *lane = make_lane(0);

	(void)state;
	live(lane, "11111");
	attempt(lane, STANDING_DOWN, 5000); /* 10 s now */
	struct lane *next = restart(lane, 900000);
	assert_int_equal(lane_mode(next, NEXT + 900000), LANE_PROBING);
	assert_true(lane_wants_probe(next, NEXT + 900000));
	attempt(next, STANDING_WELL, NEXT + 900000);
	attempt(next, STANDING_WELL, NEXT + 900000);
	assert_int_equal(lane_mode(next, NEXT + 900000), LANE_PROBING);
	attempt(next, STANDING_DOWN, NEXT + 900000);
	assert_int_equal(lane_until(next, NEXT + 900000), NEXT + 920000);
	lane_free(lane);
	lane_free(next);
}

/* A probe under way at the stop is to be made again. */
static void
test_probing(void **state)
{
	const struct lane_query query = { HERE, false, 1 };
	struct lane *lane = make_lane(0);

	(void)state;
	live(lane, "11111");
	lane_begin(lane, &query, 5000);
	struct lane *next = restart(lane, 5000);
	assert_true(lane_wants_probe(next, NEXT + 5000));
	lane_free(lane);
	lane_free(next);
}

/* A kill takes what was kept ahead as used, a stop what was used. */
static void
test_quotas_kept_ahead(void **state)
{
	struct lane *lane = make_lane(0);

	(void)state;
	attempt(lane, STANDING_WELL, 0);
	lane->gate.day.most = 1000;
	assert_true(gate_keep(&lane->gate));
	struct lane *next = restart(lane, 1000);
	assert_int_equal(next->gate.day.used, 12);
	lane_free(next);
	gate_keep_exact(&lane->gate);
	next = restart(lane, 1000);
	assert_int_equal(next->gate.day.used, 2);
	lane_free(lane);
	lane_free(next);
}

static void
test_quotas_go_on(void **state)
{
	struct lane *lane = make_lane(0);

	(void)state;
	for (unsigned i = 0; i < 50; i++)
		attempt(lane, STANDING_WELL, 0);
	struct lane *next = restart(lane, 1000);
	assert_int_equal(lane_mode(next, NEXT + 1000), LANE_EXHAUSTED);
	assert_int_equal(quota_used(&next->gate.day, WALL + 1000), 100);
	lane_free(next);
	next = restart(lane, QUOTA_HOUR_MS);
	assert_int_equal(lane_mode(next, NEXT + QUOTA_HOUR_MS), LANE_OPEN);
	lane_free(lane);
	lane_free(next);
}

/* The clock was set back by a year while nobody was there: no pause becomes a
 * year, and no quota. */
static void
test_clock_set_back(void **state)
{
	const int64_t year = 365 * QUOTA_DAY_MS;
	struct lane *lane = make_lane(0);
	struct lane *next = lane_new(&provider, 0, &limits);

	(void)state;
	live(lane, "a");
	live(lane, "s");
	live(lane, "t");
	attempt(lane, STANDING_WELL, 0);
	g_autofree char *line = lane_state_tell(lane, 0);
	lane_clock(next, WALL - year, 0);
	assert_true(lane_state_recall(next, line, 0));
	assert_true(lane_until(next, 0) <= GATE_CLOSED_MOST_MS);
	assert_true(lane_allows(next, HERE, limits.sender_ms));
	assert_int_equal(
	    quota_used(&next->gate.day, WALL - year + QUOTA_DAY_MS), 0);
	lane_free(lane);
	lane_free(next);
}

/* The rate that a throttle cut comes back as if nothing had happened; one that
 * is set to less since is kept to. */
static void
test_slowed(void **state)
{
	struct lane *lane, *next;

	(void)state;
	provider.pace.rate = 10;
	lane = make_lane(0);
	attempt(lane, STANDING_THROTTLED, 0);
	next = restart(lane, 1000);
	for (int64_t at = 60000; at < 200000; at += 7000)
		assert_float_equal(gate_rate(&next->gate, NEXT + at),
		    gate_rate(&lane->gate, at), 0.001);
	assert_true(gate_is_slowed(&next->gate, NEXT + 60000));
	assert_false(gate_is_slowed(&next->gate, NEXT + 200000));
	lane_free(next);
	provider.pace.rate = 2;
	next = restart(lane, 1000);
	assert_float_equal(gate_rate(&next->gate, NEXT + 60000), 2, 0.001);
	lane_free(next);
	provider.pace.rate = 0;
	lane_free(lane);
}

/* What it refuses before and behind the restart is one row. */
static void
test_refusals_go_on(void **state)
{
	struct lane *lane = make_lane(0), *next;

	(void)state;
	refuse(lane, 0, GUARD_MAILS - 1);
	lane->guard.told = 4;
	next = restart(lane, 1000);
	assert_int_equal(lane_refusals(next), GUARD_MAILS - 1);
	assert_int_equal(next->guard.told, 4);
	refuse(next, 3, 1); /* which it knows */
	assert_false(lane_is_distrusted(next));
	refuse(next, GUARD_MAILS, 1);
	assert_true(lane_is_distrusted(next));
	lane_free(lane);
	lane = restart(next, 2000);
	assert_true(lane_is_distrusted(lane));
	assert_int_equal(lane->guard.told, 4);
	attempt(lane, STANDING_WELL, NEXT + 200000);
	assert_int_equal(lane_refusals(lane), 0);
	lane_free(lane);
	lane_free(next);
}

/* Nothing of it is believed, and the lane stays as new. */
static const char *const garbage[] = {
	"",
	" ",
	"v=2",
	"breaker=paused until=1700000000000 pause=5000",
	"v=1 breaker=strange until=1700000000000",
	"v=1 breaker=paused",
	"v=1 until=1700000000000",
	"v=1 breaker=paused until=soon",
	"v=1 breaker=paused until=-5",
	"v=1 breaker=paused until=99999999999999999999999",
	"v=1 breaker=paused until=1700000000000 pause=1e9",
	"v=1 hour=5",
	"v=1 hour=5:",
	"v=1 hour=5:-1",
	"v=1 why=%zz",
	"v=1 why=%00",
	"v=1 slow=700:1000",
	"v=1 slow=700:-1:1700000000000",
	"v=1 guard=1:1:2:3",
	"v=1 guard=1:1:2:3:",
	"v=1 guard=many:1:2:3:4",
	"v=1 guard=1:1:2:3:4,,5",
	"v=1 guard=1:1:2:3:1,2,3,4,5,6,7,8,9,10,11",
	"v=1 word",
	"v=1  gate=5",
	"\xff\xfe",
};

static void
test_garbage(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(garbage); i++) {
		struct lane *lane = make_lane(0);
		if (lane_state_recall(lane, garbage[i], 0))
			fail_msg("believed: %s", garbage[i]);
		assert_int_equal(lane_mode(lane, 0), LANE_OPEN);
		assert_int_equal(lane->gate.hour.used, 0);
		assert_int_equal(lane->guard.count, 0);
		assert_null(lane->why);
		lane_free(lane);
	}
}

/* Words of a later version are passed over, odd ones do no harm. */
static const struct {
	const char *line;
	enum lane_mode mode;
} odd[] = {
	{ "v=1", LANE_OPEN },
	{ "v=1 colour=blue", LANE_OPEN },
	{ "v=1 needed=0 breaker=paused until=1700000001000", LANE_PAUSED },
	{ "v=1 needed=77777777777 breaker=paused until=1700000001000",
	    LANE_PAUSED },
	{ "v=1 senders=,,:,a,a:,:5,b:x", LANE_OPEN },
	{ "v=1 why=%20 why=twice", LANE_OPEN },
	{ "v=1 gate=1700000001000", LANE_THROTTLED },
};

static void
test_odd(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(odd); i++) {
		struct lane *lane = make_lane(0);
		assert_true(lane_state_recall(lane, odd[i].line, 0));
		assert_int_equal(lane_mode(lane, 0), odd[i].mode);
		/* and it comes back, whatever it was */
		for (unsigned n = 0; n < BREAKER_SUCCESSES; n++)
			attempt(lane, STANDING_WELL, 4000000);
		assert_int_equal(lane_mode(lane, 4000000), LANE_OPEN);
		assert_int_equal(g_hash_table_size(lane->senders), 0);
		lane_free(lane);
	}
}

/* What stands in a From domain comes from outside. */
static void
test_line_is_one_line(void **state)
{
	struct lane *lane = make_lane(0);

	(void)state;
	senders_close(lane->senders, "a b", 0, 1000);
	senders_close(lane->senders, "a,b:c=d", 0, 1000);
	attempt(lane, STANDING_UNUSABLE, 0);
	g_free(lane->why);
	lane->why = g_strdup("two\nlines v=2 \"odd\"");
	g_autofree char *line = lane_state_tell(lane, 0);
	assert_null(strchr(line, '\n'));
	struct lane *next = restart(lane, 0);
	assert_string_equal(next->why, lane->why);
	assert_int_equal(g_hash_table_size(next->senders), 0);
	lane_free(lane);
	lane_free(next);
}

static void
test_standing(void **state)
{
	struct lane *lane = make_lane(0);
	g_autofree struct provider_standing *standing =
	    g_new0(struct provider_standing, 1);

	(void)state;
	attempt(lane, STANDING_WELL, 0);
	attempt(lane, STANDING_SENDER, 10);
	attempt(lane, STANDING_UNUSABLE, 1000);
	lane_state_standing(lane, 5000, standing);
	assert_string_equal(standing->name, "first");
	assert_string_equal(standing->type, "mailgun");
	assert_string_equal(standing->state, "unusable");
	assert_string_equal(standing->why, "no = 5 %, or so");
	assert_int_equal(standing->since_ms, WALL + 1000);
	assert_int_equal(standing->until_ms, 96000);
	assert_int_equal(standing->limit, 4);
	assert_int_equal(standing->connections, 32);
	assert_int_equal(standing->accepted, 2);
	assert_int_equal(standing->failed, 2);
	assert_int_equal(standing->hour_sent, 2);
	assert_int_equal(standing->hour_max, 100);
	assert_int_equal(standing->day_max, 1000);
	assert_string_equal(standing->senders[0], HERE);
	assert_null(standing->senders[1]);
	g_free(standing->name);
	g_free(standing->type);
	g_free(standing->why);
	g_strfreev(standing->senders);
	lane_free(lane);
}

static void
test_standing_well(void **state)
{
	struct lane *lane = make_lane(0);
	g_autofree struct provider_standing *standing =
	    g_new0(struct provider_standing, 1);

	(void)state;
	attempt(lane, STANDING_DOWN, 0);
	lane_state_standing(lane, 5000, standing);
	assert_string_equal(standing->state, "open");
	/* it is asked all the same */
	assert_int_equal(standing->failing, 1);
	assert_string_equal(standing->why, "no = 5 %, or so");
	assert_null(standing->senders);
	assert_int_equal(standing->until_ms, 0);
	g_free(standing->name);
	g_free(standing->type);
	g_free(standing->why);
	lane_free(lane);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_restarts),
		cmocka_unit_test(test_never_closed),
		cmocka_unit_test(test_probing),
		cmocka_unit_test(test_quotas_go_on),
		cmocka_unit_test(test_quotas_kept_ahead),
		cmocka_unit_test(test_clock_set_back),
		cmocka_unit_test(test_slowed),
		cmocka_unit_test(test_refusals_go_on),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_odd),
		cmocka_unit_test(test_line_is_one_line),
		cmocka_unit_test(test_standing),
		cmocka_unit_test(test_standing_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
