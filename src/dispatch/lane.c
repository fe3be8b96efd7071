/* SPDX-License-Identifier: MIT */
#include "lane.h"

#include "core/clock.h"

struct lane *
lane_new(struct provider *provider, unsigned number,
    const struct lane_limits *limits)
{
	struct lane *lane = g_new0(struct lane, 1);

	lane->provider = provider;
	lane->number = number;
	lane->limits = limits;
	lane->senders =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_queue_init(&lane->waiting);
	return lane;
}

void
lane_free(struct lane *lane)
{
	if (lane == NULL)
		return;
	g_assert(g_queue_is_empty(&lane->waiting));
	g_hash_table_unref(lane->senders);
	g_free(lane);
}

bool
lane_allows(const struct lane *lane, const char *from_domain, int64_t now_ms)
{
	const struct breaker *sender =
	    g_hash_table_lookup(lane->senders, from_domain);

	return breaker_allows(&lane->breaker, now_ms) &&
	       (sender == NULL || breaker_allows(sender, now_ms));
}

bool
lane_has_room(const struct lane *lane)
{
	return lane->requests < lane->provider->endpoint.connections;
}

void
lane_begin(struct lane *lane, const char *from_domain)
{
	struct breaker *sender =
	    g_hash_table_lookup(lane->senders, from_domain);

	lane->requests++;
	breaker_begin(&lane->breaker);
	if (sender != NULL)
		breaker_begin(sender);
}

void
lane_cancel(struct lane *lane, const char *from_domain)
{
	struct breaker *sender =
	    g_hash_table_lookup(lane->senders, from_domain);

	lane->requests--;
	breaker_release(&lane->breaker);
	if (sender != NULL)
		breaker_release(sender);
}

static enum lane_change
close_sender(struct lane *lane, const char *from_domain, int64_t now_ms)
{
	struct breaker *sender =
	    g_hash_table_lookup(lane->senders, from_domain);

	if (sender == NULL) {
		sender = g_new0(struct breaker, 1);
		g_hash_table_insert(
		    lane->senders, g_strdup(from_domain), sender);
	}
	return breaker_hold(sender, now_ms, lane->limits->sender_ms)
		   ? LANE_SENDER_CLOSED
		   : LANE_UNCHANGED;
}

static enum lane_change
settle_well(struct lane *lane, const struct lane_attempt *attempt)
{
	struct breaker *sender =
	    g_hash_table_lookup(lane->senders, attempt->from_domain);

	if (sender != NULL && breaker_success(sender, attempt->begun_ms))
		g_hash_table_remove(lane->senders, attempt->from_domain);
	return breaker_success(&lane->breaker, attempt->begun_ms)
		   ? LANE_BACK
		   : LANE_UNCHANGED;
}

static enum lane_change
changed(bool opened)
{
	return opened ? LANE_CLOSED : LANE_UNCHANGED;
}

enum lane_change
lane_settle(struct lane *lane, enum standing standing,
    const struct lane_attempt *attempt, int64_t retry_ms)
{
	const struct lane_limits *limits = lane->limits;
	struct breaker *breaker = &lane->breaker;
	int64_t now = clock_monotonic_ms();

	if (standing == STANDING_UNKNOWN) {
		lane_cancel(lane, attempt->from_domain);
		return LANE_UNCHANGED;
	}
	lane->requests--;
	switch (standing) {
	case STANDING_WELL:
		return settle_well(lane, attempt);
	case STANDING_SENDER:
		settle_well(lane, attempt);
		return close_sender(lane, attempt->from_domain, now);
	case STANDING_THROTTLED:
		return changed(breaker_hold(breaker, now,
		    retry_ms > 0 ? retry_ms : limits->throttle_ms));
	case STANDING_UNUSABLE:
		return changed(breaker_hold(breaker, now, limits->account_ms));
	case STANDING_DOWN:
	case STANDING_UNKNOWN:
		break;
	}
	return changed(breaker_failure(breaker, attempt->begun_ms, now,
	    &limits->breaker, g_random_double()));
}
