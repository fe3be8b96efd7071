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
	lane->senders = senders_new();
	gate_start(&lane->gate, &provider->pace);
	limit_start(&lane->limit, provider->endpoint.connections);
	allowance_start(&lane->allowance);
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

void
lane_join(struct lane *lane, struct cutoff *cutoff)
{
	lane->cutoff = cutoff;
	lane->member = cutoff_join(cutoff, &lane->breaker);
}

void
lane_clock(struct lane *lane, int64_t wall_ms, int64_t now_ms)
{
	lane->apart_ms = wall_ms - now_ms;
	quota_clock(&lane->gate.hour, wall_ms);
	quota_clock(&lane->gate.day, wall_ms);
}

/* When its quotas allow so many: now, or a time later than now. */
static int64_t
find_quota(const struct lane *lane, unsigned recipients, int64_t now_ms)
{
	int64_t wall = now_ms + lane->apart_ms;

	return gate_quota_when(&lane->gate, recipients, wall) - lane->apart_ms;
}

/* Nothing is left of a quota, be it that some comes back from those under way.
 */
static bool
is_given_out(const struct lane *lane, int64_t now_ms)
{
	return find_quota(lane, 1, now_ms) > now_ms;
}

/* What is under way may fail, and count for nothing: until then it is busy.
 * Else its last one would close and open it with each mail that nobody takes.
 */
static bool
is_exhausted(const struct lane *lane, int64_t now_ms)
{
	return lane->requests == 0 && is_given_out(lane, now_ms);
}

bool
lane_allows(const struct lane *lane, const char *from_domain, int64_t now_ms)
{
	const struct breaker *sender = senders_find(lane->senders, from_domain);

	return breaker_allows(&lane->breaker, now_ms) &&
	       (sender == NULL || breaker_allows(sender, now_ms)) &&
	       !gate_is_closed(&lane->gate, now_ms) &&
	       !is_exhausted(lane, now_ms);
}

bool
lane_allows_all(const struct lane *lane)
{
	return lane->mode == LANE_OPEN && g_hash_table_size(lane->senders) == 0;
}

bool
lane_has_room(const struct lane *lane)
{
	return lane->requests < lane->limit.now;
}

/* When a breaker that does not allow it will: 0 when a probe decides. */
static int64_t
find_end(const struct breaker *breaker)
{
	return breaker->state == BREAKER_OPEN ? breaker->until_ms : 0;
}

static bool
is_closed_to(const struct lane *lane, const char *from_domain, int64_t now_ms,
    int64_t *when_ms)
{
	const struct breaker *sender = senders_find(lane->senders, from_domain);

	*when_ms = 0;
	if (!breaker_allows(&lane->breaker, now_ms)) {
		*when_ms = find_end(&lane->breaker);
		return true;
	}
	if (sender == NULL || breaker_allows(sender, now_ms))
		return false;
	*when_ms = find_end(sender);
	return true;
}

/* Not before a time that is known: whether it is worth waiting for, and whose
 * turn it is else. */
static enum lane_answer
put_off(const struct lane *lane, int64_t now_ms, int64_t when_ms)
{
	bool overflow = lane->provider->pace.overflow;

	if (when_ms - now_ms <= LANE_LATER_MS)
		return overflow ? LANE_LATER : LANE_BUSY;
	return overflow ? LANE_CLOSED_NOW : LANE_KEEPS;
}

static bool
takes_any(const struct lane *lane, int64_t now_ms)
{
	return lane_has_room(lane) && breaker_allows(&lane->breaker, now_ms) &&
	       !gate_is_closed(&lane->gate, now_ms) &&
	       gate_when(&lane->gate, now_ms) <= now_ms &&
	       !is_given_out(lane, now_ms);
}

bool
lane_is_full(const struct lane *lane, int64_t now_ms)
{
	double rate = gate_rate(&lane->gate, now_ms);

	return rate > 0 && (double)lane_waiting(lane) * 1000 >=
			       rate * (double)LANE_LATER_MS;
}

int64_t
lane_promise(struct lane *lane, int64_t now_ms)
{
	double rate = gate_rate(&lane->gate, now_ms);

	lane->promised_ms = MAX(lane->promised_ms, now_ms + LANE_LATER_MS);
	if (rate > 0)
		lane->promised_ms += (int64_t)MIN(1000 / rate, 3600000.0);
	return lane->promised_ms;
}

bool
lane_lacks(struct lane *lane, int64_t now_ms)
{
	if (lane->promised_ms <= now_ms || lane_waiting(lane) > 0 ||
	    !takes_any(lane, now_ms))
		return false;
	lane->promised_ms = 0;
	return true;
}

/* To more recipients than a quota has left: those behind it in a line would
 * fit, so it does not stand in one. */
static bool
is_too_large(const struct lane *lane, unsigned recipients, int64_t now_ms)
{
	return !is_given_out(lane, now_ms) &&
	       find_quota(lane, recipients, now_ms) > now_ms;
}

/* Those under way have the last of a quota: most likely it is used up then, so
 * another provider that takes it now is better. */
static enum lane_answer
await_quota(const struct lane *lane, int64_t now_ms, int64_t *when_ms)
{
	int64_t quota = find_quota(lane, 1, now_ms);

	*when_ms = quota <= now_ms + LANE_LATER_MS ? quota : 0;
	return lane->provider->pace.overflow ? LANE_LATER : LANE_BUSY;
}

static enum lane_answer
ask(const struct lane *lane, const struct lane_query *query, int64_t now_ms,
    int64_t *when_ms)
{
	if (is_closed_to(lane, query->from_domain, now_ms, when_ms))
		return LANE_CLOSED_NOW;
	int64_t quota = find_quota(lane, query->recipients, now_ms);
	int64_t rate = gate_when(&lane->gate, now_ms);
	bool awaited =
	    is_given_out(lane, now_ms) && !is_exhausted(lane, now_ms);

	*when_ms = MAX(lane->gate.until_ms, rate);
	if (!awaited)
		*when_ms = MAX(*when_ms, quota);
	if (is_too_large(lane, query->recipients, now_ms))
		return lane->provider->pace.overflow ? LANE_CLOSED_NOW
						     : LANE_KEEPS;
	if (*when_ms > now_ms)
		return put_off(lane, now_ms, *when_ms);
	*when_ms = 0;
	if (query->failover) {
		int64_t moved = allowance_when(&lane->allowance, now_ms);
		*when_ms = moved > now_ms ? moved : 0;
	}
	if (*when_ms > 0)
		return LANE_LATER;
	if (awaited)
		return await_quota(lane, now_ms, when_ms);
	return lane_has_room(lane) ? LANE_TAKES : LANE_BUSY;
}

/* Whoever has to wait behind more than go in the time that is worth waiting for
 * comes back instead: the line is short, and others are not kept out by it. */
enum lane_answer
lane_ask(const struct lane *lane, const struct lane_query *query,
    int64_t now_ms, int64_t *when_ms)
{
	enum lane_answer answer = ask(lane, query, now_ms, when_ms);

	if ((answer != LANE_BUSY && answer != LANE_LATER) ||
	    !lane_is_full(lane, now_ms))
		return answer;
	*when_ms = now_ms + LANE_LATER_MS;
	return lane->provider->pace.overflow ? LANE_CLOSED_NOW : LANE_KEEPS;
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

static bool
may_moved_go(const struct lane *lane, int64_t now_ms)
{
	return lane->lines[LANE_MOVED].length > 0 &&
	       allowance_when(&lane->allowance, now_ms) <= now_ms;
}

static bool
is_any_next(const struct lane *lane, int64_t now_ms)
{
	if (!takes_any(lane, now_ms))
		return false;
	return lane->lines[LANE_FRESH].length > 0 ||
	       lane->lines[LANE_TRIED].length > 0 || may_moved_go(lane, now_ms);
}

/* Those another provider failed go first, as far as they may: they waited
 * longest, and their allowance leaves the most to the others. */
GList *
lane_next(struct lane *lane, int64_t now_ms)
{
	const GQueue *fresh = &lane->lines[LANE_FRESH];
	const GQueue *tried = &lane->lines[LANE_TRIED];

	if (!is_any_next(lane, now_ms))
		return NULL;
	if (may_moved_go(lane, now_ms))
		return lane->lines[LANE_MOVED].head;
	if (tried->length > 0 &&
	    (fresh->length == 0 || lane->fresh_moved >= LANE_TRIED_EACH - 1)) {
		lane->fresh_moved = 0;
		return tried->head;
	}
	lane->fresh_moved += fresh->length > 0;
	return fresh->head;
}

unsigned
lane_waiting(const struct lane *lane)
{
	unsigned count = 0;

	for (unsigned i = 0; i < LANE_LINES; i++)
		count += lane->lines[i].length;
	return count;
}

struct lane_attempt
lane_begin(struct lane *lane, const struct lane_query *query, int64_t now_ms)
{
	struct breaker *sender =
	    senders_find(lane->senders, query->from_domain);
	struct lane_attempt attempt = {
		.from_domain = query->from_domain,
		.mark = breaker_begin(&lane->breaker),
		.pass = gate_pass(&lane->gate, query->recipients, now_ms,
		    now_ms + lane->apart_ms),
		.cuts = lane->limit.cuts,
		.failover = query->failover,
	};

	lane->requests++;
	if (sender != NULL)
		attempt.sender_mark = breaker_begin(sender);
	if (query->failover)
		allowance_take(&lane->allowance, now_ms);
	else
		allowance_first(&lane->allowance, now_ms);
	return attempt;
}

bool
lane_closed_since(const struct lane *lane, const struct lane_attempt *attempt)
{
	const struct breaker *sender =
	    senders_find(lane->senders, attempt->from_domain);

	return breaker_opened_since(&lane->breaker, &attempt->mark) ||
	       lane->gate.closings != attempt->pass.closings ||
	       (sender != NULL &&
		   breaker_opened_since(sender, &attempt->sender_mark));
}

void
lane_cancel(struct lane *lane, const struct lane_attempt *attempt)
{
	struct breaker *sender =
	    senders_find(lane->senders, attempt->from_domain);

	g_assert(lane->requests > 0);
	lane->requests--;
	breaker_release(&lane->breaker, &attempt->mark);
	if (sender != NULL)
		breaker_release(sender, &attempt->sender_mark);
	gate_return(&lane->gate, &attempt->pass, attempt->pass.recipients);
	if (attempt->failover)
		allowance_return(&lane->allowance);
}

static enum lane_mode
find_breaker_mode(const struct lane *lane, int64_t now_ms)
{
	if (lane->breaker.state == BREAKER_CLOSED)
		return LANE_OPEN;
	if (lane->guard.distrusted)
		return LANE_DISTRUST;
	if (lane->breaker.reason == BREAKER_CUT_OFF)
		return LANE_CUT_OFF;
	if (lane->breaker.until_ms <= now_ms)
		return LANE_PROBING;
	return lane->breaker.reason == BREAKER_ACCOUNT ? LANE_UNUSABLE
						       : LANE_PAUSED;
}

enum lane_mode
lane_mode(const struct lane *lane, int64_t now_ms)
{
	enum lane_mode mode = find_breaker_mode(lane, now_ms);

	if (mode != LANE_OPEN && mode != LANE_PROBING)
		return mode;
	if (gate_is_closed(&lane->gate, now_ms))
		return LANE_THROTTLED;
	return is_exhausted(lane, now_ms) ? LANE_EXHAUSTED : mode;
}

int64_t
lane_until(const struct lane *lane, int64_t now_ms)
{
	int64_t until = MAX(lane->gate.until_ms, find_end(&lane->breaker));

	if (is_exhausted(lane, now_ms))
		until = MAX(until, find_quota(lane, 1, now_ms));
	return until > now_ms ? until : 0;
}

/* The earlier of two times later than now; 0: none. */
static int64_t
choose_earlier(int64_t first_ms, int64_t when_ms, int64_t now_ms)
{
	if (when_ms <= now_ms)
		return first_ms;
	return first_ms == 0 ? when_ms : MIN(first_ms, when_ms);
}

static int64_t
find_waiters_ms(const struct lane *lane, int64_t now_ms)
{
	int64_t first = 0;

	if (lane_waiting(lane) == 0)
		return 0;
	first = choose_earlier(first, gate_when(&lane->gate, now_ms), now_ms);
	if (lane->lines[LANE_MOVED].length > 0)
		first = choose_earlier(
		    first, allowance_when(&lane->allowance, now_ms), now_ms);
	return first;
}

int64_t
lane_next_ms(const struct lane *lane, int64_t now_ms)
{
	int64_t first = find_waiters_ms(lane, now_ms);

	/* a time that came and was not acted upon is not over, it is due */
	if (is_any_next(lane, now_ms) || lane_mode(lane, now_ms) != lane->mode)
		return now_ms;
	first = choose_earlier(first, find_end(&lane->breaker), now_ms);
	first = choose_earlier(first, lane->gate.until_ms, now_ms);
	return choose_earlier(first, find_quota(lane, 1, now_ms), now_ms);
}

static void
retry_breaker(struct breaker *breaker, int64_t now_ms)
{
	if (breaker->state == BREAKER_OPEN &&
	    (breaker->reason == BREAKER_ACCOUNT ||
		breaker->reason == BREAKER_SENDER))
		breaker->until_ms = MIN(breaker->until_ms, now_ms);
}

void
lane_retry(struct lane *lane, int64_t now_ms)
{
	GHashTableIter iter;
	gpointer sender;

	retry_breaker(&lane->breaker, now_ms);
	g_hash_table_iter_init(&iter, lane->senders);
	while (g_hash_table_iter_next(&iter, NULL, &sender))
		retry_breaker(sender, now_ms);
}

bool
lane_wants_probe(const struct lane *lane, int64_t now_ms)
{
	return lane->breaker.state == BREAKER_OPEN &&
	       lane_until(lane, now_ms) == 0;
}

/* Being cut off is told of all lanes at once. */
static unsigned
tell_change(struct lane *lane, enum lane_mode mode)
{
	enum lane_mode told = lane->told;

	lane->told = mode;
	if (mode == LANE_CUT_OFF)
		return 0;
	if (mode == LANE_OPEN)
		return told == LANE_OPEN || told == LANE_CUT_OFF ? 0
								 : LANE_BACK;
	if (told == LANE_OPEN)
		return LANE_CLOSED;
	if (told == LANE_PROBING && mode == LANE_PAUSED)
		return LANE_LONGER;
	/* needs a person, which it did not before */
	return mode != told && (mode == LANE_UNUSABLE || mode == LANE_DISTRUST)
		   ? LANE_CLOSED
		   : 0;
}

unsigned
lane_tick(struct lane *lane, int64_t now_ms)
{
	enum lane_mode mode = lane_mode(lane, now_ms);

	bool troubled = mode != LANE_OPEN || lane->throttles > 0;

	/* one trouble from its beginning until it is over */
	if (troubled != lane->troubled)
		lane->since_ms = now_ms;
	lane->troubled = troubled;
	lane->mode = mode;
	return tell_change(lane, mode);
}

unsigned
lane_refusals(const struct lane *lane)
{
	return lane->guard.count;
}

bool
lane_is_distrusted(const struct lane *lane)
{
	return lane->guard.distrusted;
}
