/* SPDX-License-Identifier: MIT */
#include "cutoff.h"

#include <glib.h>

/* Settings have 32 providers at most. */
#define CUTOFF_MOST 32

struct cutoff_member {
	struct breaker *breaker;
	struct breaker before; /* it failed first */
	bool failed;           /* since anybody answered */
	int64_t failed_ms;     /* last */
};

struct cutoff {
	struct cutoff_member members[CUTOFF_MOST];
	unsigned count;
	bool on;
};

struct cutoff *
cutoff_new(void)
{
	return g_new0(struct cutoff, 1);
}

void
cutoff_free(struct cutoff *cutoff)
{
	g_free(cutoff);
}

unsigned
cutoff_join(struct cutoff *cutoff, struct breaker *breaker)
{
	g_assert(cutoff->count < CUTOFF_MOST);
	cutoff->members[cutoff->count].breaker = breaker;
	return cutoff->count++;
}

bool
cutoff_is_on(const struct cutoff *cutoff)
{
	return cutoff->on;
}

static bool
failed_lately(
    const struct cutoff_member *member, const struct cutoff_failure *failure)
{
	return member->failed &&
	       failure->begun_ms - member->failed_ms <= CUTOFF_SPAN_MS;
}

/* Those that are not asked anyway tell nothing. */
static bool
have_all_failed(
    const struct cutoff *cutoff, const struct cutoff_failure *failure)
{
	unsigned failed = 0;

	for (unsigned i = 0; i < cutoff->count; i++) {
		const struct cutoff_member *member = &cutoff->members[i];
		if (failed_lately(member, failure))
			failed++;
		else if (member->breaker->state == BREAKER_CLOSED)
			return false;
	}
	return failed >= 2;
}

/* What was counted meanwhile is taken back; what was begun before stays old. */
static void
take_back(struct cutoff_member *member)
{
	struct breaker_mark mark = member->breaker->mark;

	*member->breaker = member->before;
	member->breaker->mark = mark;
}

/* One that failed before all that stays as it is, for its own reason. */
static void
hold(struct breaker *breaker, const struct cutoff_failure *failure)
{
	bool closed = breaker->state == BREAKER_CLOSED;

	breaker_hold(breaker, closed ? BREAKER_CUT_OFF : breaker->reason,
	    failure->now_ms, failure->pause_ms);
}

static void
begin(struct cutoff *cutoff, const struct cutoff_failure *failure)
{
	cutoff->on = true;
	for (unsigned i = 0; i < cutoff->count; i++) {
		struct cutoff_member *member = &cutoff->members[i];
		if (!failed_lately(member, failure))
			continue;
		take_back(member);
		hold(member->breaker, failure);
	}
}

bool
cutoff_failed(struct cutoff *cutoff, const struct cutoff_failure *failure)
{
	struct cutoff_member *member = &cutoff->members[failure->number];

	if (cutoff->on) {
		hold(member->breaker, failure);
		return true;
	}
	if (!failed_lately(member, failure))
		member->before = *member->breaker;
	member->failed = true;
	member->failed_ms = failure->now_ms;
	if (!have_all_failed(cutoff, failure))
		return false;
	begin(cutoff, failure);
	return true;
}

bool
cutoff_answered(struct cutoff *cutoff)
{
	bool was_on = cutoff->on;

	cutoff->on = false;
	for (unsigned i = 0; i < cutoff->count; i++) {
		struct cutoff_member *member = &cutoff->members[i];
		struct breaker *breaker = member->breaker;
		member->failed = false;
		if (was_on && breaker->state != BREAKER_CLOSED &&
		    breaker->reason == BREAKER_CUT_OFF)
			breaker_close(breaker);
	}
	return was_on;
}
