/* SPDX-License-Identifier: MIT */
#include "flight.h"

#include <string.h>

static GQuark
flight_error(void)
{
	return g_quark_from_static_string("flight");
}

static char *
find_from_domain(const struct message *message)
{
	const char *at = NULL;

	if (message->from->len > 0) {
		const struct header_address *from = message->from->pdata[0];
		at = from->spec != NULL ? strrchr(from->spec, '@') : NULL;
	}
	return g_ascii_strdown(at != NULL ? at + 1 : "", -1);
}

static struct delivery *
address_everyone(struct message *message)
{
	unsigned count = message->submission->envelope->recipients->len;
	g_autofree unsigned *all = g_new(unsigned, count);

	for (unsigned i = 0; i < count; i++)
		all[i] = i;
	return delivery_new(message, all, count);
}

static void
plan_route(struct flight *flight, const struct route_map *map,
    const struct delivery *everyone)
{
	struct flight_group *group = &flight->groups[0];
	const struct route *route = group->route;

	flight->plans = g_new0(struct plan, map->providers->len);
	for (unsigned i = 0; i < route->count; i++) {
		unsigned number = route->numbers[i];
		const struct provider *provider =
		    route_map_provider(map, number);
		plan_make(&flight->plans[number], everyone, provider);
		if (flight->plans[number].obstacle == PLAN_POSSIBLE)
			ledger_allow(flight->ledger, number,
			    provider->translator->limits.recipients);
	}
	group->order_count = route_order(route, flight->plans, group->order);
}

struct flight *
flight_new(struct message *message, const struct route_map *map)
{
	struct flight *flight = g_new0(struct flight, 1);
	const struct submission *submission = message->submission;
	struct delivery *everyone = address_everyone(message);

	flight->message = message;
	flight->groups = g_new0(struct flight_group, 1);
	flight->group_count = 1;
	flight->groups[0].route = route_map_choose(map, submission);
	flight->ledger = ledger_new(everyone->count, map->providers->len);
	plan_route(flight, map, everyone);
	flight->from_domain = find_from_domain(message);
	flight->queued = submission->queued;
	flight->attempts = submission->attempts;
	flight->record.states = g_new0(enum recipient_state, everyone->count);
	flight->story = g_string_new(NULL);
	flight->link.data = flight->waiting.data = flight;
	delivery_free(everyone);
	return flight;
}

void
flight_encode(struct flight *flight, const struct provider *provider)
{
	const struct translator *translator = provider->translator;

	plan_make(&flight->plan, flight->delivery, provider);
	if (flight->plan.obstacle != PLAN_POSSIBLE) {
		g_set_error_literal(&flight->error, flight_error(), 0,
		    plan_obstacle_text(flight->plan.obstacle));
		return;
	}
	flight->delivery->form = flight->plan.form;
	struct exchange *exchange = exchange_new(translator->kind,
	    &provider->endpoint, flight->message->submission->id);
	if (translator->encode(
		provider, flight->delivery, exchange, &flight->error))
		flight->exchange = exchange;
	else
		exchange_free(exchange);
}

void
flight_clear(struct flight *flight)
{
	g_clear_pointer(&flight->delivery, delivery_free);
	g_clear_pointer(&flight->exchange, exchange_free);
	g_clear_error(&flight->error);
	flight->state = FLIGHT_NEW;
}

bool
flight_was_tried(const struct flight *flight)
{
	return flight->message->submission->rounds > 0;
}

static void
free_record(struct flight_record *record)
{
	journal_attempt_free(record->open);
	if (record->attempts != NULL)
		g_ptr_array_unref(record->attempts);
	g_free(record->states);
}

static void
free_landing(struct flight_landing *landing)
{
	if (landing->told != NULL)
		g_array_unref(landing->told);
	submission_free(landing->report);
	g_free(landing->from);
}

void
flight_free(struct flight *flight)
{
	if (flight == NULL)
		return;
	flight_clear(flight);
	g_clear_pointer(&flight->timer, loop_timer_free);
	free_record(&flight->record);
	free_landing(&flight->landing);
	ledger_free(flight->ledger);
	message_unref(flight->message);
	g_string_free(flight->story, TRUE);
	g_free(flight->from_domain);
	g_free(flight->groups);
	g_free(flight->plans);
	g_free(flight);
}
