/* SPDX-License-Identifier: MIT */
/*
 * What must hold of the made-up world whenever nothing happens.
 */
#ifndef TESTS_DISPATCH_REST_H
#define TESTS_DISPATCH_REST_H

#include "clients.h"

static bool
is_taken(const struct flight *flight, const struct lane *lane)
{
	const struct lane_query query = {
		.from_domain =
		    flight_domain(flight, flight->group, lane->provider),
		.failover = flight->line == LANE_MOVED,
		.recipients = 1,
	};
	int64_t when = world.dispatcher->pauses[lane->number].at_ms;

	/* its timer goes off soon: a rate may rise meanwhile */
	if (when != 0 && when <= virtual.now_ms + 1000)
		return false;
	return lane_ask(lane, &query, virtual.now_ms, &when) == LANE_TAKES;
}

static void
check_flight(const struct flight *flight)
{
	const struct ledger *ledger = flight->ledger;
	const struct lane *lane = world.dispatcher->lanes[flight->provider];
	unsigned open = ledger_count(ledger, RECIPIENT_OPEN);
	bool flies = is_flying(flight);
	bool queued = false;

	for (unsigned i = 0; i < LANE_LINES; i++)
		queued = queued || g_queue_find((GQueue *)&lane->lines[i],
				       flight) != NULL;
	if (flight->state == FLIGHT_NEW)
		violate("a flight rests without a state");
	if (open != (flies ? flight->delivery->count : 0))
		violate("%u recipients open in state %d", open, flight->state);
	if (queued != (flight->state == FLIGHT_QUEUED))
		violate("state %d and the queue disagree", flight->state);
	if (queued && is_taken(flight, lane))
		violate("a flight waits for %s, which takes it",
		    lane->provider->name);
	if ((flight->state == FLIGHT_FROZEN ||
		flight->state == FLIGHT_WEIGHING) &&
	    flight->timer->event == NULL)
		violate("a flight waits for no time");
	if (flight->state == FLIGHT_ASKING && flight->question == NULL)
		violate("a flight asks nothing");
	if (flight->state == FLIGHT_FROZEN &&
	    doubt_next(flight) < virtual.now_ms)
		violate("a flight is frozen for nothing");
	if (flight->answered && !flies)
		violate("an answered flight is kept");
	if (flight->queued &&
	    (flight->answered || flight->state == FLIGHT_FROZEN))
		violate("a flight of the queue in state %d", flight->state);
}

static void
check_lane(const struct lane *lane)
{
	GHashTableIter iter;
	gpointer value;

	check_requests(lane);
	g_hash_table_iter_init(&iter, lane->senders);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct breaker *sender = value;
		if (sender->state == BREAKER_PROBING && lane->requests == 0)
			violate("%s is left probing a From domain",
			    lane->provider->name);
	}
}

static void
check_rest(void)
{
	for (GList *link = world.dispatcher->flights.head; link != NULL;
	     link = link->next)
		check_flight(link->data);
	for (unsigned i = 0; i < world.suppliers; i++)
		check_lane(world.dispatcher->lanes[i]);
}

#endif
