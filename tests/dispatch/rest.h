/* SPDX-License-Identifier: MIT */
/*
 * What must hold of the made-up world whenever nothing happens.
 */
#ifndef TESTS_DISPATCH_REST_H
#define TESTS_DISPATCH_REST_H

#include "clients.h"
#include "evidence.h"
#include "inquest.h"

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

/* In the line that it says, of the lane that it says. */
static bool
is_in_line(const struct flight *flight, const struct lane *lane)
{
	const GQueue *line = &lane->lines[flight->line];

	return flight->state == FLIGHT_QUEUED &&
	       (flight->waiting.prev != NULL || line->head == &flight->waiting);
}

/* A letter of it is on its way: its thread, or the loop, has it. */
static bool
is_posted(const struct flight *flight)
{
	return flight->letter.read != NULL;
}

static bool
is_carried(const struct flight *flight)
{
	const struct job *job = find_job(flight->exchange);

	return job->flies && job->exchange == flight->exchange;
}

/* Asks are answered within seconds, but for providers that do not want to be
 * asked, for ten minutes. */
#define ASK_MOST_MS (15 * 60 * INT64_C(1000))

static bool
is_answered_soon(const struct flight *flight)
{
	return flight->question != NULL &&
	       virtual.now_ms <= flight->question->put_ms + ASK_MOST_MS;
}

/* Something is under way that ends its state: nobody is forgotten. */
static bool
goes_on(const struct flight *flight)
{
	const struct pause *pause = &world.dispatcher->pauses[flight->provider];

	switch (flight->state) {
	case FLIGHT_QUEUED:
		return pause->lane->requests > 0 || pause->timer->event != NULL;
	case FLIGHT_ENCODING:
	case FLIGHT_REPORTING:
		return is_posted(flight);
	case FLIGHT_BEGINNING:
		return is_posted(flight) || world.notes.length > 0;
	case FLIGHT_SENDING:
		return is_carried(flight);
	case FLIGHT_ASKING:
		return is_answered_soon(flight);
	case FLIGHT_FROZEN:
	case FLIGHT_WEIGHING:
		return flight->timer->event != NULL;
	case FLIGHT_NEW:
		break;
	}
	return false;
}

static void
check_flight(const struct flight *flight)
{
	const struct ledger *ledger = flight->ledger;
	const struct lane *lane = world.dispatcher->lanes[flight->provider];
	unsigned open = ledger_count(ledger, RECIPIENT_OPEN);
	bool flies = is_flying(flight);
	bool queued = is_in_line(flight, lane);

	if (!goes_on(flight) && !world.failed)
		violate("m%u is forgotten in state %d",
		    find_mail(flight->message)->number, flight->state);
	if (open != (flies ? flight->delivery->count : 0))
		violate("%u recipients open in state %d", open, flight->state);
	if (queued != (flight->state == FLIGHT_QUEUED))
		violate("state %d and the queue disagree", flight->state);
	if (queued && is_taken(flight, lane))
		violate("a flight waits for %s, which takes it",
		    lane->provider->name);
	if (flight->state == FLIGHT_FROZEN && flight->timer->event != NULL &&
	    flight->timer->event->at_ms > virtual.now_ms + WORK_MS &&
	    doubt_next(flight) < virtual.now_ms)
		violate("a flight is frozen for nothing");
	if (flight->answered && !flies)
		violate("an answered flight is kept");
	if (flight->queued &&
	    (flight->answered || flight->state == FLIGHT_FROZEN))
		violate("a flight of the queue in state %d", flight->state);
}

/* One that is the queue's is in exactly one place: with the dispatcher, on its
 * way to or from there, waiting for a time, or held. */
static void
check_place(const struct mail *mail)
{
	const struct row *row = &mail->row;
	bool moves = mail->landings > 0 || mail->flown;

	if (mail->flights > 1)
		violate("m%u is in %u hands", mail->number, mail->flights);
	if (row->active && mail->flights == 0 && !moves)
		violate("m%u is in nobody's hands", mail->number);
	if (row->there && !row->active && mail->flights > 0)
		violate("m%u rests, and flies", mail->number);
	if (row->there && !row->active && row->hold == NULL &&
	    (row->due_ms == 0 || row->waits == 0))
		violate("m%u waits for no time", mail->number);
}

static void
check_mail(const struct mail *mail)
{
	if (!world.failed && !world.stopping)
		check_place(mail);
	/* one that is taken over waits for the disk */
	if (mail->asked && !mail->queued && world.dispatcher->takeovers == 0 &&
	    virtual.now_ms > mail->deadline_ms + WORK_MS)
		violate("m%u has no answer in time", mail->number);
}

/* Those of the queue. */
static void
count_flights(void)
{
	for (unsigned i = 0; i < world.mails; i++)
		world.mail[i].flights = 0;
	for (GList *link = world.dispatcher->flights.head; link != NULL;
	     link = link->next) {
		const struct flight *flight = link->data;
		struct mail *mail = find_mail(flight->message);
		mail->flights += flight->queued;
		mail->flown = false;
	}
}

/* Each in a line says so. */
static void
check_lines(const struct lane *lane)
{
	unsigned count = 0;

	for (GList *link = world.dispatcher->flights.head; link != NULL;
	     link = link->next) {
		const struct flight *flight = link->data;
		count += flight->state == FLIGHT_QUEUED &&
			 flight->provider == lane->number;
	}
	if (count != lane_waiting(lane))
		violate("%u wait for %s, of %u", count, lane->provider->name,
		    lane_waiting(lane));
}

static void
check_lane(const struct lane *lane)
{
	GHashTableIter iter;
	gpointer value;

	check_requests(lane);
	check_lines(lane);
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
	count_flights();
	for (unsigned i = 0; i < world.mails; i++)
		check_mail(&world.mail[i]);
}

#endif
