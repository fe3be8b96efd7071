/* SPDX-License-Identifier: MIT */
#include "lane.h"

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
	for (unsigned i = 0; i < LANE_LINES; i++)
		g_queue_init(&lane->lines[i]);
	return lane;
}

void
lane_free(struct lane *lane)
{
	if (lane == NULL)
		return;
	g_assert(lane_waiting(lane) == 0);
	g_hash_table_unref(lane->senders);
	g_free(lane->why);
	g_free(lane);
}

static struct breaker *
find_sender(const struct lane *lane, const char *from_domain)
{
	return g_hash_table_lookup(lane->senders, from_domain);
}

bool
lane_allows(const struct lane *lane, const char *from_domain, int64_t now_ms)
{
	const struct breaker *sender = find_sender(lane, from_domain);

	return breaker_allows(&lane->breaker, now_ms) &&
	       (sender == NULL || breaker_allows(sender, now_ms));
}

enum lane_answer
lane_ask(const struct lane *lane, const struct lane_query *query,
    int64_t now_ms, int64_t *when_ms)
{
	*when_ms = 0;
	if (!lane_allows(lane, query->from_domain, now_ms)) {
		*when_ms = lane->breaker.until_ms;
		return LANE_CLOSED_NOW;
	}
	return lane_has_room(lane) ? LANE_TAKES : LANE_BUSY;
}

bool
lane_allows_all(const struct lane *lane)
{
	return lane->breaker.state == BREAKER_CLOSED &&
	       g_hash_table_size(lane->senders) == 0;
}

bool
lane_has_room(const struct lane *lane)
{
	return lane->requests < lane->provider->endpoint.connections;
}

void
lane_wait(struct lane *lane, GList *link, enum lane_line line)
{
	g_queue_push_tail_link(&lane->lines[line], link);
}

void
lane_leave(struct lane *lane, GList *link, enum lane_line line)
{
	g_queue_unlink(&lane->lines[line], link);
}

GList *
lane_next(struct lane *lane, int64_t now_ms)
{
	const GQueue *fresh = &lane->lines[LANE_FRESH];
	const GQueue *tried = &lane->lines[LANE_TRIED];

	(void)now_ms;
	if (!lane_has_room(lane))
		return NULL;
	if (lane->lines[LANE_MOVED].length > 0)
		return lane->lines[LANE_MOVED].head;
	bool old =
	    tried->length > 0 &&
	    (fresh->length == 0 || lane->fresh_moved >= LANE_TRIED_EACH - 1);
	lane->fresh_moved = old ? 0 : lane->fresh_moved + 1;
	return old ? tried->head : fresh->head;
}

unsigned
lane_waiting(const struct lane *lane)
{
	unsigned count = 0;

	for (unsigned i = 0; i < LANE_LINES; i++)
		count += lane->lines[i].length;
	return count;
}

void
lane_join(struct lane *lane, struct cutoff *cutoff)
{
	(void)lane;
	(void)cutoff;
}

void
lane_clock(struct lane *lane, int64_t wall_ms, int64_t now_ms)
{
	(void)lane;
	(void)wall_ms;
	(void)now_ms;
}

int64_t
lane_next_ms(const struct lane *lane, int64_t now_ms)
{
	return lane->breaker.state == BREAKER_OPEN &&
		       lane->breaker.until_ms > now_ms
		   ? lane->breaker.until_ms
		   : 0;
}

unsigned
lane_tick(struct lane *lane, int64_t now_ms)
{
	(void)lane;
	(void)now_ms;
	return 0;
}

bool
lane_wants_probe(const struct lane *lane, int64_t now_ms)
{
	return lane->breaker.state == BREAKER_OPEN &&
	       lane->breaker.until_ms <= now_ms;
}

enum lane_mode
lane_mode(const struct lane *lane, int64_t now_ms)
{
	if (lane->breaker.state == BREAKER_CLOSED)
		return LANE_OPEN;
	return lane_until(lane, now_ms) > 0 ? LANE_PAUSED : LANE_PROBING;
}

int64_t
lane_until(const struct lane *lane, int64_t now_ms)
{
	return lane_next_ms(lane, now_ms);
}

unsigned
lane_refusals(const struct lane *lane)
{
	(void)lane;
	return 0;
}

bool
lane_is_distrusted(const struct lane *lane)
{
	(void)lane;
	return false;
}

struct lane_attempt
lane_begin(struct lane *lane, const struct lane_query *query, int64_t now_ms)
{
	struct breaker *sender = find_sender(lane, query->from_domain);

	(void)now_ms;
	lane->requests++;
	return (struct lane_attempt){
		.from_domain = query->from_domain,
		.opening = breaker_begin(&lane->breaker),
		.sender_opening = sender != NULL ? breaker_begin(sender) : 0,
	};
}

bool
lane_closed_since(const struct lane *lane, const struct lane_attempt *attempt)
{
	const struct breaker *sender = find_sender(lane, attempt->from_domain);

	return breaker_opened_since(&lane->breaker, attempt->opening) ||
	       (sender != NULL &&
		   breaker_opened_since(sender, attempt->sender_opening));
}

/* Nothing was learnt of the From domain: whatever else the attempt comes to, a
 * probe must not stay one. */
static void
release_sender(struct lane *lane, const struct lane_attempt *attempt)
{
	struct breaker *sender = find_sender(lane, attempt->from_domain);

	if (sender != NULL)
		breaker_release(sender, attempt->sender_opening);
}

void
lane_cancel(struct lane *lane, const struct lane_attempt *attempt)
{
	g_assert(lane->requests > 0);
	lane->requests--;
	breaker_release(&lane->breaker, attempt->opening);
	release_sender(lane, attempt);
}

static gboolean
is_over(gpointer key, gpointer value, gpointer now_ms)
{
	const struct breaker *sender = value;

	(void)key;
	return breaker_allows(sender, *(const int64_t *)now_ms);
}

static struct breaker *
add_sender(struct lane *lane, const char *from_domain, int64_t now_ms)
{
	struct breaker *sender;

	if (g_hash_table_size(lane->senders) >= LANE_SENDERS_MAX)
		g_hash_table_foreach_remove(lane->senders, is_over, &now_ms);
	if (g_hash_table_size(lane->senders) >= LANE_SENDERS_MAX)
		return NULL;
	sender = g_new0(struct breaker, 1);
	g_hash_table_insert(lane->senders, g_strdup(from_domain), sender);
	return sender;
}

/* A domain that is refused again after its time is nothing new. */
static unsigned
close_sender(struct lane *lane, const char *from_domain, int64_t now_ms)
{
	struct breaker *sender = find_sender(lane, from_domain);
	unsigned change = sender == NULL ? LANE_SENDER_CLOSED : 0;

	if (sender == NULL)
		sender = add_sender(lane, from_domain, now_ms);
	if (sender != NULL)
		breaker_hold(sender, now_ms, lane->limits->sender_ms);
	return change;
}

static unsigned
settle_answered(struct lane *lane, const struct lane_attempt *attempt)
{
	return breaker_success(&lane->breaker, attempt->opening) ? LANE_BACK
								 : 0;
}

static unsigned
settle_well(struct lane *lane, const struct lane_attempt *attempt)
{
	struct breaker *sender = find_sender(lane, attempt->from_domain);

	if (sender != NULL && breaker_success(sender, attempt->sender_opening))
		g_hash_table_remove(lane->senders, attempt->from_domain);
	return settle_answered(lane, attempt);
}

static unsigned
settle_badly(struct lane *lane, const struct lane_attempt *attempt,
    const struct lane_finding *finding)
{
	const struct lane_limits *limits = lane->limits;
	int64_t now = finding->moment.now_ms;
	int64_t retry =
	    finding->retry_ms > 0 ? finding->retry_ms : limits->throttle_ms;
	bool closed;

	release_sender(lane, attempt);
	if (finding->standing == STANDING_THROTTLED)
		closed = breaker_hold(
		    &lane->breaker, now, MIN(retry, LANE_THROTTLE_MAX_MS));
	else if (finding->standing == STANDING_UNUSABLE)
		closed = breaker_hold(&lane->breaker, now, limits->account_ms);
	else
		closed = breaker_failure(&lane->breaker, attempt->opening,
		    &limits->breaker, &finding->moment);
	return closed ? LANE_CLOSED : 0;
}

unsigned
lane_settle(struct lane *lane, const struct lane_attempt *attempt,
    const struct lane_finding *finding)
{
	if (finding->standing == STANDING_UNKNOWN) {
		lane_cancel(lane, attempt);
		return 0;
	}
	g_assert(lane->requests > 0);
	lane->requests--;
	switch (finding->standing) {
	case STANDING_WELL:
		return settle_well(lane, attempt);
	case STANDING_SENDER:
		return settle_answered(lane, attempt) |
		       close_sender(
			   lane, attempt->from_domain, finding->moment.now_ms);
	case STANDING_THROTTLED:
	case STANDING_UNUSABLE:
	case STANDING_DOWN:
	case STANDING_UNKNOWN:
		break;
	}
	return settle_badly(lane, attempt, finding);
}
