/* SPDX-License-Identifier: MIT */
/*
 * What each provider of the made-up world may be asked at most, counted apart
 * from the lanes: mails by its rate, recipients by its quota, requests at a
 * time, one while it is tried, none behind its closing.
 */
#ifndef TESTS_DISPATCH_BUDGETS_H
#define TESTS_DISPATCH_BUDGETS_H

#include "reports.h"

/* A request is made within this after the lane gave it. */
#define MADE_MS 40

#define DAY_MS (24 * HOUR_MS)

static void
open_budget(struct supplier *supplier)
{
	const struct provider_pace *pace = &supplier->provider.pace;

	supplier->budget = (struct budget_of){
		.tokens = MAX(pace->burst, 1u),
		.tokens_ms = virtual.now_ms,
		.hour = { .span_ms = HOUR_MS, .most = pace->hour_max },
		.day = { .span_ms = DAY_MS, .most = pace->day_max },
		.moved = g_array_new(FALSE, FALSE, sizeof(int64_t)),
	};
}

/* What is owed beyond it is forgotten. */
static void
reopen_ration(struct ration *ration)
{
	uint64_t all = ration->debt + ration->used + ration->large;

	ration->debt = ration->large = 0;
	ration->used = MIN(all, ration->most);
}

/* After a restart its rate is not known to be used. */
static void
reopen_budget(struct supplier *supplier)
{
	struct budget_of was = supplier->budget;

	g_array_unref(was.moved);
	open_budget(supplier);
	supplier->budget.hour = was.hour;
	supplier->budget.day = was.day;
	reopen_ration(&supplier->budget.hour);
	reopen_ration(&supplier->budget.day);
}

/* A request is made for it. */
static void
count_request(struct supplier *supplier)
{
	const struct provider_pace *pace = &supplier->provider.pace;
	struct budget_of *budget = &supplier->budget;
	double late = pace->rate * MADE_MS / 1000;

	if (pace->rate <= 0 || world.ghost)
		return;
	budget->tokens +=
	    pace->rate * (double)(virtual.now_ms - budget->tokens_ms) / 1000;
	budget->tokens = MIN(budget->tokens, MAX(pace->burst, 1u));
	budget->tokens_ms = virtual.now_ms;
	happened[HAPPENED_PACED] += budget->tokens < 1;
	if (--budget->tokens < -late - 0.001)
		violate("p%u gets more than its rate",
		    (unsigned)(supplier - world.all));
}

/* The same one again when the clock is set back. */
static void
turn_ration(struct ration *ration, int64_t window)
{
	uint64_t owed = ration->debt + ration->used + ration->large;
	uint64_t turns = (uint64_t)(window - ration->window);

	if (window <= ration->window)
		return;
	ration->debt = 0;
	if (ration->most > 0 && owed / ration->most >= turns)
		ration->debt = owed - turns * ration->most;
	ration->used = ration->large = 0;
	ration->window = window;
}

static void
turn_back(struct ration *ration)
{
	ration->window =
	    MIN(ration->window, virtual_wall_ms() / ration->span_ms);
}

/* So many more are too much of it by now. */
static bool
is_spent_for(const struct ration *ration, unsigned count)
{
	struct ration now = *ration;

	turn_ration(&now, virtual_wall_ms() / now.span_ms);
	return now.most > 0 &&
	       now.debt + now.used + now.large + count > now.most;
}

/* Of a day: nobody has to wait as long as that here. */
static bool
is_parched(const struct mail *mail)
{
	uint32_t takers = 0;

	for (unsigned i = 0; i < mail->count; i++)
		takers |= list_takers(mail, i);
	for (unsigned i = 0; i < world.suppliers; i++)
		if ((takers & 1u << i) &&
		    is_spent_for(&world.all[i].budget.day, mail->count))
			return true;
	return false;
}

/* Made at its turn, or when the clock was set, it may be of either. */
static bool
is_certain(const struct job *job, const struct ration *ration)
{
	int64_t window = job->made_ms / ration->span_ms;

	return ration->most > 0 && job->born_ms > world.set_ms + MADE_MS &&
	       window == (job->made_ms - MADE_MS) / ration->span_ms &&
	       window >= ration->window;
}

/* A request larger than all of it goes when any of it is left; what is too
 * much is taken from those that follow. */
static bool
use_ration(struct ration *ration, const struct job *job)
{
	bool hourly = ration->span_ms == HOUR_MS;
	uint64_t used;

	if (!is_certain(job, ration))
		return false;
	turn_ration(ration, job->made_ms / ration->span_ms);
	used = ration->debt + ration->used;
	if (job->count > ration->most) {
		happened[HAPPENED_LARGE]++;
		if (used + ration->large >= ration->most)
			violate("p%u gets %u recipients at once, its quota is "
				"used up",
			    job->supplier, job->count);
		ration->large += job->count;
		return true;
	}
	happened[hourly ? HAPPENED_QUOTA : HAPPENED_DAY] +=
	    used + job->count + 3 > ration->most;
	ration->used += job->count;
	if (used + job->count > ration->most)
		violate("p%u gets %" PRIu64 " recipients in %s", job->supplier,
		    used + job->count, hourly ? "an hour" : "a day");
	return true;
}

static void
use_rations(struct supplier *supplier, struct job *job)
{
	job->hourly = use_ration(&supplier->budget.hour, job);
	job->daily = use_ration(&supplier->budget.day, job);
}

/* It did not take so many of them. */
static void
return_ration(struct ration *ration, const struct job *job, unsigned count)
{
	/* unless it was of an earlier one */
	if (job->made_ms / ration->span_ms < ration->window)
		return;
	if (job->count > ration->most)
		ration->large -= MIN(ration->large, count);
	else
		ration->used -= MIN(ration->used, count);
}

static void
return_rations(struct supplier *supplier, const struct job *job, unsigned count)
{
	if (job->hourly)
		return_ration(&supplier->budget.hour, job, count);
	if (job->daily)
		return_ration(&supplier->budget.day, job, count);
}

/* What another one failed, in this sending. */
static bool
is_moved(const struct job *job)
{
	for (unsigned i = 0; i < job->count; i++) {
		const struct target *target =
		    &job->mail->targets[job->recipients[i]];
		if (target->failed_in == job->sending &&
		    (target->failed_by & ~(1u << job->supplier)) != 0)
			return true;
	}
	return false;
}

static void
insert_moved(GArray *moved, int64_t ms)
{
	unsigned at = moved->len;

	while (at > 0 && g_array_index(moved, int64_t, at - 1) > ms)
		at--;
	g_array_insert_val(moved, at, ms);
}

/* No more of it than thirty at once, and three a second: there is never so much
 * first mail here that a tenth of it is more. */
static void
check_moved(struct supplier *supplier, const struct job *job)
{
	const GArray *moved = supplier->budget.moved;
	double left = ALLOWANCE_BURST;
	int64_t last = 0;

	if (!is_moved(job))
		return;
	happened[HAPPENED_MOVED]++;
	insert_moved(supplier->budget.moved, job->born_ms);
	for (unsigned i = 0; i < moved->len; i++) {
		int64_t ms = g_array_index(moved, int64_t, i);
		left += (double)(ms - last) * ALLOWANCE_LEAST / 1000;
		left = MIN(left, ALLOWANCE_BURST) - 1;
		last = ms;
	}
	happened[HAPPENED_CURBED] += left < 1;
	if (left < -ALLOWANCE_LEAST * MADE_MS / 1000)
		violate("p%u gets more of what others failed than it bears",
		    job->supplier);
}

static const struct flight *
find_flight(const struct exchange *exchange)
{
	for (GList *link = world.dispatcher->flights.head; link != NULL;
	     link = link->next) {
		const struct flight *flight = link->data;
		if (flight->exchange == exchange)
			return flight;
	}
	return NULL;
}

/* Whoever closed since is not asked. */
static void
check_open(const struct exchange *exchange, unsigned supplier)
{
	const struct flight *flight = find_flight(exchange);
	const struct lane *lane = world.dispatcher->lanes[supplier];

	if (flight == NULL || flight->provider != supplier)
		violate("p%u is asked for no flight", supplier);
	else if (lane_closed_since(lane, &flight->attempt))
		violate("p%u is asked, and closed since", supplier);
}

static bool
is_flying(const struct flight *flight)
{
	return flight->state == FLIGHT_ENCODING ||
	       flight->state == FLIGHT_BEGINNING ||
	       flight->state == FLIGHT_SENDING;
}

/* Attempts by that lane; and those begun since it closed last. */
static unsigned
count_attempts(const struct lane *lane, unsigned *since)
{
	unsigned count = 0;

	*since = 0;
	for (GList *link = world.dispatcher->flights.head; link != NULL;
	     link = link->next) {
		const struct flight *flight = link->data;
		if (flight->provider != lane->number || !is_flying(flight))
			continue;
		count++;
		*since += !breaker_opened_since(
		    &lane->breaker, &flight->attempt.mark);
	}
	return count;
}

/* In every moment. */
static void
check_requests(const struct lane *lane)
{
	struct supplier *supplier = &world.all[lane->number];
	const char *name = lane->provider->name;
	unsigned since, attempts = count_attempts(lane, &since);

	if (lane->requests != attempts)
		violate("%s counts %u requests of %u", name, lane->requests,
		    attempts);
	if (lane->requests > supplier->budget.requests &&
	    lane->requests > lane->limit.now)
		violate("%s takes %u requests, its limit is %u", name,
		    lane->requests, lane->limit.now);
	if (lane->limit.now > lane->provider->endpoint.connections)
		violate("%s bears more than its connections", name);
	if (lane->breaker.state == BREAKER_PROBING && since != 1)
		violate("%s is tried by %u mails", name, since);
	if (lane->breaker.state == BREAKER_OPEN && since != 0)
		violate("%s is closed, and %u mails fly", name, since);
	supplier->budget.requests = lane->requests;
}

#endif
