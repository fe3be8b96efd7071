/* SPDX-License-Identifier: MIT */
/*
 * What an attempt says of its provider: entered where it counts.
 */
#include "lane.h"

/* Nothing was learnt of the From domain: whatever else the attempt comes to, a
 * probe must not stay one. */
static void
release_sender(struct lane *lane, const struct lane_attempt *attempt)
{
	struct breaker *sender =
	    senders_find(lane->senders, attempt->from_domain);

	if (sender != NULL)
		breaker_release(sender, &attempt->sender_mark);
}

static struct breaker_news
read_news(const struct lane_finding *finding)
{
	return (struct breaker_news){
		.moment = finding->moment,
		.slow = finding->duration_ms > BREAKER_SLOW_MS,
		.timed_out = finding->timed_out,
		.unreached = finding->unreached,
	};
}

/* A distrusted one that answers is not back until it takes a mail. */
static void
settle_answered(struct lane *lane, const struct lane_attempt *attempt,
    const struct lane_finding *finding)
{
	const struct lane_limits *limits = lane->limits;
	const struct breaker_news news = read_news(finding);

	if (!lane->guard.distrusted) {
		if (breaker_success(&lane->breaker, &attempt->mark,
			&limits->breaker, &news))
			limit_recover(&lane->limit);
	} else if (finding->refused == 0) {
		breaker_release(&lane->breaker, &attempt->mark);
	} else if (!breaker_opened_since(&lane->breaker, &attempt->mark)) {
		breaker_hold(&lane->breaker, BREAKER_DISTRUST,
		    finding->moment.now_ms, limits->account_ms);
	}
}

/* What it took when it was not distrusted yet says nothing of now. */
static unsigned
settle_guard(struct lane *lane, const struct lane_attempt *attempt,
    const struct lane_finding *finding)
{
	const struct guard_refusal refusal = {
		finding->mail,
		finding->sender,
		finding->domain,
	};

	if (finding->accepted > 0) {
		if (lane->guard.distrusted &&
		    breaker_opened_since(&lane->breaker, &attempt->mark))
			return 0;
		return guard_accepted(&lane->guard) ? LANE_BELIEVED : 0;
	}
	if (finding->refused == 0 || !guard_refused(&lane->guard, &refusal))
		return 0;
	return LANE_DISTRUSTED;
}

static unsigned
settle_well(struct lane *lane, const struct lane_attempt *attempt,
    const struct lane_finding *finding)
{
	struct breaker *sender =
	    senders_find(lane->senders, attempt->from_domain);
	const struct breaker_news news = read_news(finding);
	unsigned changes = settle_guard(lane, attempt, finding);

	if (sender != NULL && breaker_success(sender, &attempt->sender_mark,
				  &lane->limits->breaker, &news))
		g_hash_table_remove(lane->senders, attempt->from_domain);
	settle_answered(lane, attempt, finding);
	if (changes & LANE_DISTRUSTED) /* whenever this one was begun */
		breaker_hold(&lane->breaker, BREAKER_DISTRUST,
		    finding->moment.now_ms, lane->limits->account_ms);
	return changes;
}

static unsigned
settle_sender(struct lane *lane, const struct lane_attempt *attempt,
    const struct lane_finding *finding)
{
	settle_answered(lane, attempt, finding);
	return senders_close(lane->senders, attempt->from_domain,
		   finding->moment.now_ms, lane->limits->sender_ms)
		   ? LANE_SENDER_CLOSED
		   : 0;
}

/* True when this host reaches nobody: the lane is not to blame. */
static bool
is_cut_off(struct lane *lane, const struct lane_finding *finding)
{
	const struct cutoff_failure failure = {
		.number = lane->member,
		.begun_ms = finding->moment.now_ms - finding->duration_ms,
		.now_ms = finding->moment.now_ms,
		.pause_ms = lane->limits->breaker.pause_min_ms,
	};

	return lane->cutoff != NULL && finding->unreached &&
	       cutoff_failed(lane->cutoff, &failure);
}

static unsigned
settle_down(struct lane *lane, const struct lane_attempt *attempt,
    const struct lane_finding *finding)
{
	const struct breaker_limits *limits = &lane->limits->breaker;
	const struct breaker_news news = read_news(finding);
	bool was_off = lane->cutoff != NULL && cutoff_is_on(lane->cutoff);

	if (breaker_opened_since(&lane->breaker, &attempt->mark))
		return 0;
	if (is_cut_off(lane, finding))
		return was_off ? 0 : LANE_ALL_CUT_OFF;
	breaker_failure(&lane->breaker, &attempt->mark, limits, &news);
	if (finding->retry_ms > 0) /* it said itself when (503) */
		breaker_hold(&lane->breaker, BREAKER_FAILED,
		    finding->moment.now_ms,
		    MIN(finding->retry_ms, GATE_CLOSED_MOST_MS));
	return 0;
}

/* One that throttles again and again is asked less and less, whatever it
 * says. */
static int64_t
choose_throttle(const struct lane *lane, int64_t retry_ms)
{
	int64_t own = lane->limits->throttle_ms;
	unsigned doublings = MIN(MAX(lane->throttles, 1) - 1, 20);

	if (retry_ms > 0 && doublings == 0)
		return retry_ms;
	if (retry_ms > 0)
		return MAX(retry_ms,
		    MIN(INT64_C(500) << doublings, LANE_TOLD_MOST_MS));
	return MIN(own << doublings, MAX(own, LANE_THROTTLE_MOST_MS));
}

static void
settle_throttled(struct lane *lane, const struct lane_attempt *attempt,
    const struct lane_finding *finding)
{
	/* those under way meanwhile say the same */
	if (attempt->pass.closings == lane->gate.closings)
		lane->throttles++;
	int64_t retry = choose_throttle(lane, finding->retry_ms);

	breaker_release(&lane->breaker, &attempt->mark);
	gate_throttle(
	    &lane->gate, &attempt->pass, finding->moment.now_ms, retry);
}

static unsigned
settle_standing(struct lane *lane, const struct lane_attempt *attempt,
    const struct lane_finding *finding)
{
	if (finding->standing == STANDING_WELL)
		return settle_well(lane, attempt, finding);
	release_sender(lane, attempt);
	switch (finding->standing) {
	case STANDING_SENDER:
		return settle_sender(lane, attempt, finding);
	case STANDING_DOWN:
		return settle_down(lane, attempt, finding);
	case STANDING_THROTTLED:
		settle_throttled(lane, attempt, finding);
		return 0;
	case STANDING_UNUSABLE:
		breaker_hold(&lane->breaker, BREAKER_ACCOUNT,
		    finding->moment.now_ms, lane->limits->account_ms);
		return 0;
	case STANDING_WELL:
	case STANDING_UNKNOWN:
		break;
	}
	g_assert_not_reached();
}

/* Somebody answered: this host is connected. */
static unsigned
settle_cutoff(struct lane *lane, const struct lane_finding *finding)
{
	bool silent = finding->standing == STANDING_DOWN &&
		      (finding->unreached || finding->timed_out);

	if (lane->cutoff == NULL || silent)
		return 0;
	return cutoff_answered(lane->cutoff) ? LANE_ALL_CONNECTED : 0;
}

static void
settle_limit(struct lane *lane, const struct lane_attempt *attempt,
    const struct lane_finding *finding)
{
	if (finding->standing == STANDING_THROTTLED || finding->timed_out)
		limit_cut(&lane->limit, attempt->cuts);
	else if (finding->standing == STANDING_WELL)
		limit_success(&lane->limit);
}

/* A quota counts what may have been taken: looking for one bad recipient among
 * many costs nothing, nor does an error answer. */
static void
settle_quota(struct lane *lane, const struct lane_attempt *attempt,
    const struct lane_finding *finding)
{
	unsigned sent = attempt->pass.recipients;

	gate_return(
	    &lane->gate, &attempt->pass, sent - MIN(finding->taken, sent));
}

static void
note_finding(struct lane *lane, const struct lane_finding *finding)
{
	lane->accepted += finding->accepted;
	if (finding->accepted > 0)
		lane->throttles = 0;
	if (finding->accepted > 0)
		return;
	lane->failed++;
	if (finding->text != NULL) {
		g_free(lane->why);
		lane->why = g_strdup(finding->text);
	}
}

unsigned
lane_settle(struct lane *lane, const struct lane_attempt *attempt,
    const struct lane_finding *finding)
{
	unsigned changes;

	if (finding->standing == STANDING_UNKNOWN) {
		lane_cancel(lane, attempt);
		return 0;
	}
	g_assert(lane->requests > 0);
	lane->requests--;
	note_finding(lane, finding);
	settle_limit(lane, attempt, finding);
	settle_quota(lane, attempt, finding);
	changes = settle_cutoff(lane, finding);
	changes |= settle_standing(lane, attempt, finding);
	return changes | lane_tick(lane, finding->moment.now_ms);
}
