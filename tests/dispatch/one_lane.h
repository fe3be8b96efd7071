/* SPDX-License-Identifier: MIT */
/*
 * What the tests of a lane share: one of three connections, and attempts by it.
 */
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

static struct provider provider;

G_GNUC_UNUSED static struct lane *
make_lane(void)
{
	provider = (struct provider){ .endpoint.connections = 3,
		.pace = { .burst = 1, .overflow = true } };
	return lane_new(&provider, 0, &limits);
}

G_GNUC_UNUSED static struct lane *
make_paced(const struct provider_pace *pace)
{
	struct lane *lane = make_lane();

	provider.pace = *pace;
	gate_start(&lane->gate, &provider.pace);
	return lane;
}

G_GNUC_UNUSED static struct lane_attempt
begin(struct lane *lane, const char *from_domain, int64_t now_ms)
{
	const struct lane_query query = { from_domain, false, 1 };

	return lane_begin(lane, &query, now_ms);
}

G_GNUC_UNUSED static unsigned
settle(struct lane *lane, const struct lane_attempt *attempt,
    enum standing standing, int64_t now_ms)
{
	const struct lane_finding finding = { .standing = standing,
		.accepted = standing == STANDING_WELL,
		.taken = standing == STANDING_WELL,
		.moment = { now_ms, 0.5 } };

	return lane_settle(lane, attempt, &finding);
}

/* One attempt at now for that From domain. */
G_GNUC_UNUSED static unsigned
attempt(struct lane *lane, const char *from_domain, enum standing standing,
    int64_t now_ms)
{
	assert_true(lane_allows(lane, from_domain, now_ms));
	struct lane_attempt one = begin(lane, from_domain, now_ms);
	return settle(lane, &one, standing, now_ms);
}

/* So many in a row; what the last one changed. */
G_GNUC_UNUSED static unsigned
attempts(
    struct lane *lane, unsigned count, enum standing standing, int64_t now_ms)
{
	unsigned changes = 0;

	for (unsigned i = 0; i < count; i++)
		changes = attempt(lane, HERE, standing, now_ms);
	return changes;
}

G_GNUC_UNUSED static unsigned
go_down(struct lane *lane, int64_t now_ms)
{
	return attempts(lane, BREAKER_FAILURES, STANDING_DOWN, now_ms);
}
