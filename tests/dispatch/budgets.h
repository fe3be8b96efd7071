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

#define HOUR_MS INT64_C(3600000)

static void
open_budget(struct supplier *supplier)
{
	supplier->budget = (struct budget_of){
		.tokens = MAX(supplier->provider.pace.burst, 1u),
		.tokens_ms = virtual.now_ms,
	};
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

/* It took, or may have taken, so many of a request made at that time. */
static void
count_taken(struct supplier *supplier, int64_t made_ms, unsigned recipients)
{
	struct budget_of *budget = &supplier->budget;
	int64_t hour = made_ms / HOUR_MS;

	/* at its turn a request may be of either */
	if (hour != (made_ms - MADE_MS) / HOUR_MS)
		return;
	if (hour != budget->hour)
		budget->taken = 0;
	budget->hour = hour;
	budget->taken += recipients;
	if (supplier->provider.pace.hour_max == 0 || hour == budget->void_hour)
		return;
	happened[HAPPENED_QUOTA] +=
	    budget->taken + 10 > supplier->provider.pace.hour_max;
	if (budget->taken > supplier->provider.pace.hour_max)
		violate("p%u gets %u recipients in an hour",
		    (unsigned)(supplier - world.all), budget->taken);
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
