/* SPDX-License-Identifier: MIT */
#include "breaker.h"

#include <glib.h>
#include <string.h>

bool
breaker_allows(const struct breaker *breaker, int64_t now_ms)
{
	return breaker->state == BREAKER_CLOSED ||
	       (breaker->state == BREAKER_OPEN && now_ms >= breaker->until_ms);
}

struct breaker_mark
breaker_begin(struct breaker *breaker)
{
	if (breaker->state == BREAKER_OPEN)
		breaker->state = BREAKER_PROBING;
	return breaker->mark;
}

bool
breaker_opened_since(
    const struct breaker *breaker, const struct breaker_mark *mark)
{
	return breaker->mark.opening != mark->opening;
}

static void
forget_counts(struct breaker *breaker)
{
	breaker->failures = 0;
	breaker->calls = breaker->failed = breaker->slow = (struct tally){ 0 };
}

void
breaker_close(struct breaker *breaker)
{
	breaker->state = BREAKER_CLOSED;
	breaker->pause_ms = 0;
	forget_counts(breaker);
}

static void
open_for(struct breaker *breaker, enum breaker_reason reason, int64_t now_ms,
    int64_t pause_ms)
{
	breaker->state = BREAKER_OPEN;
	breaker->reason = reason;
	breaker->mark.opening++;
	breaker->opened_ms = now_ms;
	breaker->until_ms = now_ms + pause_ms;
	forget_counts(breaker);
}

static bool
is_flapping(const struct breaker *breaker, int64_t now_ms)
{
	return breaker->flaps_ms[0] > 0 &&
	       now_ms - breaker->flaps_ms[0] <= BREAKER_FLAP_MS;
}

static void
note_flap(struct breaker *breaker, int64_t now_ms)
{
	memmove(breaker->flaps_ms, breaker->flaps_ms + 1,
	    sizeof(breaker->flaps_ms) - sizeof(breaker->flaps_ms[0]));
	/* 0 is none */
	breaker->flaps_ms[BREAKER_FLAPS - 1] = MAX(now_ms, (int64_t)1);
}

static void
open_failed(struct breaker *breaker, const struct breaker_limits *limits,
    const struct breaker_moment *moment)
{
	int64_t pause = breaker->pause_ms == 0 ? limits->pause_min_ms
					       : breaker->pause_ms * 2;

	if (breaker->state == BREAKER_CLOSED)
		note_flap(breaker, moment->now_ms);
	if (is_flapping(breaker, moment->now_ms))
		pause = MAX(pause, BREAKER_FLAP_PAUSE_MS);
	breaker->pause_ms = MIN(pause, limits->pause_max_ms);
	breaker->needed = BREAKER_SUCCESSES;
	open_for(breaker, BREAKER_FAILED, moment->now_ms,
	    (int64_t)((double)breaker->pause_ms *
		      (0.8 + 0.4 * moment->random)));
}

/* True when so many percent of the calls are these, and there are enough. */
static bool
is_part(const struct breaker *breaker, const struct tally *these, unsigned part,
    int64_t now_ms)
{
	unsigned calls = tally_sum(&breaker->calls, now_ms);

	return calls >= BREAKER_CALLS &&
	       tally_sum(these, now_ms) * 100 >= calls * part;
}

static void
count_success(struct breaker *breaker, const struct breaker_limits *limits,
    const struct breaker_news *news)
{
	int64_t now = news->moment.now_ms;

	breaker->failures = 0;
	tally_add(&breaker->calls, now);
	if (!news->slow)
		return;
	tally_add(&breaker->slow, now);
	if (is_part(breaker, &breaker->slow, BREAKER_SLOW_PART, now))
		open_failed(breaker, limits, &news->moment);
}

bool
breaker_success(struct breaker *breaker, const struct breaker_mark *mark,
    const struct breaker_limits *limits, const struct breaker_news *news)
{
	if (breaker_opened_since(breaker, mark))
		return false;
	if (breaker->state == BREAKER_CLOSED) {
		count_success(breaker, limits, news);
		return false;
	}
	if (--breaker->needed == 0) {
		breaker_close(breaker);
		return true;
	}
	/* whatever it was held for is over */
	breaker->reason = BREAKER_FAILED;
	breaker->state = BREAKER_OPEN;
	breaker->until_ms = news->moment.now_ms;
	return false;
}

/* Of those that were under way when a well provider first failed, the first is
 * all that counts. */
static bool
is_counted(struct breaker *breaker, const struct breaker_mark *mark,
    const struct breaker_news *news)
{
	if (tally_sum(&breaker->failed, news->moment.now_ms) == 0) {
		breaker->mark.onset++;
		return true;
	}
	return news->timed_out || mark->onset == breaker->mark.onset;
}

static bool
is_enough(const struct breaker *breaker, const struct breaker_news *news)
{
	return breaker->failures >= BREAKER_FAILURES ||
	       (news->unreached && news->timed_out) ||
	       is_part(breaker, &breaker->failed, BREAKER_FAILED_PART,
		   news->moment.now_ms);
}

bool
breaker_failure(struct breaker *breaker, const struct breaker_mark *mark,
    const struct breaker_limits *limits, const struct breaker_news *news)
{
	int64_t now = news->moment.now_ms;
	bool was_closed = breaker->state == BREAKER_CLOSED;

	if (breaker_opened_since(breaker, mark))
		return false;
	if (was_closed && !is_counted(breaker, mark, news))
		return false;
	tally_add(&breaker->calls, now);
	tally_add(&breaker->failed, now);
	breaker->failures++;
	if (was_closed && !is_enough(breaker, news))
		return false;
	open_failed(breaker, limits, &news->moment);
	return was_closed;
}

void
breaker_hold(struct breaker *breaker, enum breaker_reason reason,
    int64_t now_ms, int64_t pause_ms)
{
	bool open = breaker->state == BREAKER_OPEN;

	if (breaker->state == BREAKER_CLOSED)
		breaker->needed = 1;
	if (open && breaker->until_ms >= now_ms + pause_ms)
		breaker->reason = MAX(breaker->reason, reason);
	else
		open_for(breaker, reason, now_ms, pause_ms);
}

void
breaker_release(struct breaker *breaker, const struct breaker_mark *mark)
{
	if (breaker->state == BREAKER_PROBING &&
	    !breaker_opened_since(breaker, mark))
		breaker->state = BREAKER_OPEN;
}
