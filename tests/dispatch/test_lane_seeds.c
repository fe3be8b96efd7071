/* SPDX-License-Identifier: MIT */
/*
 * Two lanes in a made-up world: mails that ask, begin, are cancelled or come to
 * whatever there is, in any order, in virtual time, driven by a seed.  After
 * each step:
 *
 *  - never more requests than the limit nor than the connections, never more
 *    than one while it is probed
 *  - no more in any time than the rate and the burst allow, no more in an hour
 *    or a day than the quotas
 *  - a lane that is closed says when it is asked again, or a request is under
 *    way that will tell; what is said of a time is so then
 *  - no time that is told has passed
 *  - as long as somebody waits in a line, a request is under way or a time is
 *    told, which is now when his turn has come, however late it is seen; who is
 *    woken then does not come back to the same
 *  - what a restart recalls is as closed as it was
 *
 * and in the end, when all is well, both lanes are open.
 */
#include "lane_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#ifndef LANE_SEEDS
#define LANE_SEEDS 2000
#endif

#define STEPS    400
#define LANES    2
#define UNDERWAY 64
#define WAITERS  64
#define HOURS    10000
#define WALL     INT64_C(1700000000000)

static const struct lane_limits limits = {
	.breaker = { 5000, 300000 },
	.account_ms = 100000,
	.sender_ms = 3600000,
	.throttle_ms = 60000,
};

static const char *const domains[] = { "a.example", "b.example", "" };

struct sending {
	struct lane_attempt attempt;
	unsigned recipients;
};

/* A mail in a line. */
struct waiter {
	GList link; /* its data: the waiter */
	struct lane_query query;
	enum lane_line line;
	bool waits;
};

struct one {
	struct provider provider;
	struct lane *lane;
	struct sending sendings[UNDERWAY];
	unsigned count;
	struct waiter waiters[WAITERS];
	bool refuses;         /* every mail, for a while */
	GArray *begun;        /* int64_t: when one was */
	uint64_t hour[HOURS]; /* recipients begun, less those given back */
};

static const struct translator translator;

static struct {
	GRand *random;
	uint32_t seed;
	int64_t now_ms;
	struct cutoff *cutoff;
	struct one ones[LANES];
	unsigned happened[8]; /* how often each mode was seen */
} world;

static void G_GNUC_PRINTF(1, 2) violate(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	g_autofree char *text = g_strdup_vprintf(format, list);
	va_end(list);
	fail_msg("seed %u, at %" G_GINT64_FORMAT ": %s", world.seed,
	    world.now_ms, text);
}

static unsigned
roll(unsigned sides)
{
	return (unsigned)g_rand_int_range(world.random, 0, (gint32)sides);
}

static uint64_t *
find_hour(struct one *one, int64_t at_ms)
{
	return &one->hour[at_ms / QUOTA_HOUR_MS % HOURS];
}

static void
open_one(struct one *one)
{
	static const double rates[] = { 0, 0, 0.5, 3, 50 };
	static const unsigned hours[] = { 0, 25, 50, 100 };

	*one = (struct one){ 0 };
	one->provider.name = (char *)"one";
	one->provider.endpoint.connections = 1 + roll(12);
	one->provider.translator = &translator;
	one->provider.pace = (struct provider_pace){
		.rate = rates[roll(G_N_ELEMENTS(rates))],
		.burst = 1 + roll(20),
		.hour_max = hours[roll(G_N_ELEMENTS(hours))],
		.overflow = roll(2),
	};
	one->lane = lane_new(&one->provider, 0, &limits);
	one->begun = g_array_new(FALSE, FALSE, sizeof(int64_t));
	lane_clock(one->lane, WALL + world.now_ms, world.now_ms);
	lane_join(one->lane, world.cutoff);
}

static void
close_one(struct one *one)
{
	lane_free(one->lane);
	g_array_unref(one->begun);
}

/* What must hold of one lane */

static void
check_requests(const struct one *one)
{
	const struct lane *lane = one->lane;

	if (lane->requests != one->count)
		violate("%u requests of %u", lane->requests, one->count);
	if (lane->limit.now > one->provider.endpoint.connections ||
	    lane->limit.now == 0)
		violate("a limit of %u", lane->limit.now);
	if (lane->breaker.state == BREAKER_PROBING && one->count == 0)
		violate("left probing");
}

/* Of the burst and what flows in, a ms more, and the last one of a time. */
static void
check_rate(const struct one *one)
{
	const struct provider_pace *pace = &one->provider.pace;
	int64_t last = g_array_index(one->begun, int64_t, one->begun->len - 1);

	for (unsigned i = one->begun->len; pace->rate > 0 && i-- > 0;) {
		int64_t first = g_array_index(one->begun, int64_t, i);
		double most = pace->burst +
			      pace->rate * (double)(last - first + 1) / 1000;
		if (one->begun->len - i > most + 0.001)
			violate("%u in %" G_GINT64_FORMAT " ms",
			    one->begun->len - i, last - first);
	}
}

static void
check_times(const struct one *one)
{
	const struct lane *lane = one->lane;
	int64_t next = lane_next_ms(lane, world.now_ms);
	int64_t until = lane_until(lane, world.now_ms);
	enum lane_mode mode = lane_mode(lane, world.now_ms);

	world.happened[mode]++;
	if (next != 0 && next < world.now_ms)
		violate("the next change is over");
	if (one->provider.pace.rate > 0 &&
	    lane_waiting(lane) > one->provider.pace.rate * 10 + 1)
		violate("%u stand in line", lane_waiting(lane));
	if (lane_waiting(lane) > 0 && one->count == 0 && next == 0)
		violate("whoever waits is forgotten");
	if (lane_next(one->lane, world.now_ms) != NULL && next != world.now_ms)
		violate("whose turn has come is not woken");
	if (until != 0 && (until <= world.now_ms || next == 0 || next > until))
		violate("closed without a timer, mode %d", mode);
	if (until == 0 && mode != LANE_OPEN && one->count == 0 &&
	    !lane_wants_probe(lane, world.now_ms))
		violate("closed for ever, mode %d", mode);
}

static void
check_recalled(const struct one *one)
{
	g_autofree char *line = lane_state_tell(one->lane, world.now_ms);
	struct lane *next = lane_new(one->lane->provider, 0, &limits);
	enum lane_mode mode = lane_mode(one->lane, world.now_ms), recalled;

	lane_clock(next, WALL + world.now_ms, world.now_ms);
	if (!lane_state_recall(next, line, world.now_ms))
		violate("not recalled: %s", line);
	recalled = lane_mode(next, world.now_ms);
	/* what was under way is used then */
	if (recalled == LANE_EXHAUSTED && one->count > 0)
		mode = recalled;
	if (recalled != mode && mode != LANE_CUT_OFF)
		violate("mode %d, recalled %d: %s", mode, recalled, line);
	lane_free(next);
}

static void
check(void)
{
	for (unsigned i = 0; i < LANES; i++) {
		check_requests(&world.ones[i]);
		check_times(&world.ones[i]);
		if (roll(10) == 0)
			check_recalled(&world.ones[i]);
	}
}

/* The steps */

static void
check_begun(struct one *one)
{
	const struct lane *lane = one->lane;
	uint64_t most = one->provider.pace.hour_max;

	if (one->count > MIN(lane->limit.now, lane->limit.most))
		violate("%u requests over the limit", one->count);
	if (lane->breaker.state == BREAKER_OPEN)
		violate("begun while it was open");
	if (most > 0 && *find_hour(one, WALL + world.now_ms) > most)
		violate("over the quota");
	check_rate(one);
}

static void
begin(struct one *one, const struct lane_query *query)
{
	bool closed = one->lane->breaker.state == BREAKER_CLOSED;
	struct sending *sending = &one->sendings[one->count++];

	sending->attempt = lane_begin(one->lane, query, world.now_ms);
	sending->recipients = query->recipients;
	g_array_append_val(one->begun, world.now_ms);
	*find_hour(one, WALL + world.now_ms) += query->recipients;
	if (!closed && one->lane->breaker.state != BREAKER_PROBING)
		violate("sent past the breaker");
	check_begun(one);
	lane_tick(one->lane, world.now_ms);
}

/* What is said to change by then is asked again then, by the same lane. */
static void
check_answer(const struct one *one, const struct lane_query *query,
    enum lane_answer answer, int64_t when_ms)
{
	bool waits = answer == LANE_BUSY || answer == LANE_LATER;
	int64_t then = 0;

	if (when_ms != 0 && when_ms <= world.now_ms)
		violate("answer %d: a time that is over", answer);
	if (waits && when_ms > world.now_ms + LANE_LATER_MS)
		violate("answer %d: too far away", answer);
	if (when_ms == 0 && answer != LANE_TAKES && one->count == 0)
		violate("answer %d: for ever", answer);
	if (answer == LANE_KEEPS && one->provider.pace.overflow)
		violate("kept from the others");
	if (when_ms != 0)
		lane_ask(one->lane, query, when_ms, &then);
	if (when_ms != 0 && then != 0 && then <= when_ms)
		violate("answer %d: nothing changes", answer);
}

static void
wait_in_line(struct one *one, const struct lane_query *query, int64_t when_ms)
{
	int64_t next;

	for (unsigned i = 0; i < WAITERS; i++) {
		struct waiter *waiter = &one->waiters[i];
		if (waiter->waits)
			continue;
		*waiter = (struct waiter){ .query = *query, .waits = true };
		waiter->line = query->failover ? LANE_MOVED : roll(2);
		waiter->link.data = waiter;
		lane_wait(one->lane, &waiter->link, waiter->line);
		break;
	}
	next = lane_next_ms(one->lane, world.now_ms);
	if (when_ms != 0 && one->count == 0 && (next == 0 || next > when_ms))
		violate("woken later than he was told");
}

static void
ask_with(struct one *one, const struct lane_query *query)
{
	int64_t when = 0;
	enum lane_answer answer =
	    lane_ask(one->lane, query, world.now_ms, &when);

	check_answer(one, query, answer, when);
	if (answer == LANE_TAKES)
		begin(one, query);
	else if (answer == LANE_BUSY || answer == LANE_LATER)
		wait_in_line(one, query, when);
}

static void
ask(struct one *one)
{
	const struct lane_query query = {
		.from_domain = domains[roll(G_N_ELEMENTS(domains))],
		.failover = roll(3) == 0,
		.recipients = 1 + roll(5),
	};

	ask_with(one, &query);
}

static void
leave_line(struct one *one, struct waiter *waiter)
{
	lane_leave(one->lane, &waiter->link, waiter->line);
	waiter->waits = false;
}

/* As the dispatcher does when the timer goes off, or a request is over. */
static void
wake(struct one *one)
{
	lane_tick(one->lane, world.now_ms);
	for (unsigned left = lane_waiting(one->lane); left > 0; left--) {
		GList *link = lane_next(one->lane, world.now_ms);
		if (link == NULL)
			break;
		struct lane_query query = ((struct waiter *)link->data)->query;
		leave_line(one, link->data);
		ask_with(one, &query);
	}
	if (lane_next(one->lane, world.now_ms) != NULL)
		violate("woken in vain");
}

static struct sending
take_sending(struct one *one)
{
	unsigned i = roll(one->count);
	struct sending sending = one->sendings[i];

	one->sendings[i] = one->sendings[--one->count];
	return sending;
}

static void
give_back(struct one *one, const struct sending *sending, unsigned recipients)
{
	int64_t window = sending->attempt.pass.hour;

	one->hour[window % HOURS] -= recipients;
}

static void
cancel(struct one *one)
{
	struct sending sending = take_sending(one);

	lane_cancel(one->lane, &sending.attempt);
	give_back(one, &sending, sending.recipients);
}

static void
settle(struct one *one, bool well)
{
	static const enum standing all[] = { STANDING_WELL, STANDING_WELL,
		STANDING_WELL, STANDING_DOWN, STANDING_DOWN, STANDING_DOWN,
		STANDING_THROTTLED, STANDING_UNUSABLE, STANDING_SENDER };
	struct sending sending = take_sending(one);
	enum standing standing =
	    well || one->refuses ? STANDING_WELL : all[roll(G_N_ELEMENTS(all))];
	bool refused = !well && (one->refuses || roll(3) == 0);
	const struct lane_finding finding = {
		.standing = standing,
		.retry_ms = roll(2) ? roll(100000) : 0,
		.duration_ms = well ? 10 : roll(40000),
		.unreached = !well && roll(2),
		.timed_out = !well && roll(3) == 0,
		.accepted = standing == STANDING_WELL && !refused,
		.taken = refused ? 0 : roll(sending.recipients + 1),
		.refused = refused,
		.mail = roll(1000000),
		.sender = roll(3),
		.text = "told",
		.moment = { world.now_ms, g_rand_double(world.random) },
	};

	lane_settle(one->lane, &sending.attempt, &finding);
	give_back(one, &sending, sending.recipients - finding.taken);
}

static void
pass_time(void)
{
	static const unsigned spans[] = { 1, 50, 3000, 20000, 400000 };

	world.now_ms += roll(spans[roll(G_N_ELEMENTS(spans))]);
	for (unsigned i = 0; i < LANES; i++) {
		/* it may be seen late */
		if (roll(2) == 0)
			lane_tick(world.ones[i].lane, world.now_ms);
		if (roll(20) == 0)
			world.ones[i].refuses = !world.ones[i].refuses;
	}
}

static void
take_step(void)
{
	struct one *one = &world.ones[roll(LANES)];

	switch (roll(7)) {
	case 0:
		pass_time();
		return;
	case 6:
		wake(one);
		return;
	case 1:
	case 2:
		if (one->count > 0 && roll(5) == 0)
			cancel(one);
		else if (one->count > 0)
			settle(one, false);
		return;
	default:
		ask(one);
	}
}

/* Time passes, whatever is sent is taken: the lane comes back. */
static void
recover(struct one *one)
{
	const struct lane_query query = { domains[0], false, 1 };
	int64_t when;

	while (one->count > 0)
		settle(one, true);
	/* every waiter is moved by the times that are told, by them alone */
	for (unsigned i = 0; i < 100 * WAITERS && lane_waiting(one->lane) > 0;
	     i++) {
		int64_t next = lane_next_ms(one->lane, world.now_ms);
		if (next == 0)
			violate("waits for ever");
		world.now_ms = MAX(next, world.now_ms);
		wake(one);
		while (one->count > 0)
			settle(one, true);
	}
	for (unsigned i = 0; i < 100; i++) {
		int64_t next = lane_next_ms(one->lane, world.now_ms);
		world.now_ms = MAX(next, world.now_ms);
		if (lane_ask(one->lane, &query, world.now_ms, &when) ==
		    LANE_TAKES)
			begin(one, &query);
		else if (when > 0)
			world.now_ms = when;
		if (one->count > 0)
			settle(one, true);
	}
	if (lane_waiting(one->lane) > 0)
		violate("%u wait in the end", lane_waiting(one->lane));
	if (lane_mode(one->lane, world.now_ms) != LANE_OPEN &&
	    lane_mode(one->lane, world.now_ms) != LANE_EXHAUSTED)
		violate(
		    "mode %d in the end", lane_mode(one->lane, world.now_ms));
}

static void
run_seed(uint32_t seed)
{
	world.seed = seed;
	world.random = g_rand_new_with_seed(seed);
	world.now_ms = roll(1000000);
	world.cutoff = cutoff_new();
	for (unsigned i = 0; i < LANES; i++)
		open_one(&world.ones[i]);
	for (unsigned i = 0; i < STEPS; i++) {
		take_step();
		check();
	}
	for (unsigned i = 0; i < LANES; i++)
		recover(&world.ones[i]);
	for (unsigned i = 0; i < LANES; i++)
		close_one(&world.ones[i]);
	cutoff_free(world.cutoff);
	g_rand_free(world.random);
}

static void
test_seeds(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= LANE_SEEDS; seed++)
		run_seed(seed);
	/* a world in which something never happens proves nothing of it */
	for (unsigned mode = LANE_OPEN; mode <= LANE_CUT_OFF; mode++)
		if (world.happened[mode] < 100)
			fail_msg("mode %u was seen %u times", mode,
			    world.happened[mode]);
}

int
main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seeds),
	};

	if (argc > 1) {
		run_seed((uint32_t)strtoul(argv[1], NULL, 10));
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
