/* SPDX-License-Identifier: MIT */
#include "flight.h"

#include "core/clock.h"
#include "core/log.h"
#include "group.h"
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

/* Told once: the mail may come by many times. */
static void
read_orders(struct flight *flight)
{
	const struct submission *submission = flight->message->submission;
	struct mail_options *options = options_read(flight->message);

	hints_read(&flight->hints, flight->message->header);
	if (flight->hints.fault == NULL)
		flight->hints.fault = g_steal_pointer(&options->fault);
	for (unsigned i = 0; submission->rounds == 0 && i < options->notes->len;
	     i++)
		log_warn("control header changed", FLIGHT_LOG(flight->message),
		    log_str("why", options->notes->pdata[i]));
	if (options_is_empty(options))
		options_free(options);
	else
		flight->options = options;
}

struct flight *
flight_new(struct message *message, const struct route_map *map)
{
	struct flight *flight = g_new0(struct flight, 1);
	const struct submission *submission = message->submission;
	unsigned recipients = submission->envelope->recipients->len;

	flight->message = message;
	flight->ledger = ledger_new(recipients, map->providers->len);
	flight->from_domain = find_from_domain(message);
	if (orders_obey(map->orders, submission))
		read_orders(flight);
	group_make(flight, map);
	flight->queued = submission->queued;
	flight->attempts = submission->attempts;
	flight->record.states = g_new0(enum recipient_state, recipients);
	flight->story = g_string_new(NULL);
	flight->link.data = flight->waiting.data = flight;
	return flight;
}

void
flight_dress(struct flight *flight, const struct provider *provider)
{
	group_dress(
	    flight, &flight->groups[flight->group], provider, flight->delivery);
}

const char *
flight_domain(const struct flight *flight, unsigned group,
    const struct provider *provider)
{
	const struct route *route = flight->groups[group].route;

	if (route_rewrites(route, provider, flight->from_domain))
		return strrchr(route->guise.from->spec, '@') + 1;
	return flight->from_domain;
}

static void
set_text(struct ledger_recipient *recipient, const char *text)
{
	g_free(recipient->text);
	recipient->text = g_strdup(text);
}

static void
refuse(struct ledger_recipient *recipient, const struct flight_refusal *why)
{
	recipient->state = RECIPIENT_REFUSED;
	if (recipient->refused_by != 0)
		return;
	recipient->class = VERDICT_PAYLOAD;
	recipient->provider = why->provider;
	recipient->status = why->status;
	set_text(recipient, why->text);
}

static void
drop(struct ledger_recipient *recipient, const struct flight_refusal *why)
{
	recipient->state = RECIPIENT_DROPPED;
	set_text(recipient, why->text);
}

/* The recipients of the group that wait. */
static unsigned
sift_group(struct flight *flight, unsigned number)
{
	const struct flight_group *group = &flight->groups[number];
	unsigned count = 0;

	for (unsigned i = 0; i < flight->ledger->count; i++) {
		struct ledger_recipient *r = &flight->ledger->recipients[i];

		if (r->group != number || r->state != RECIPIENT_WAITING)
			continue;
		if (group->way == FLIGHT_DROPPED)
			drop(r, &group->refusal);
		else
			refuse(r, &group->refusal);
		count++;
	}
	return count;
}

void
flight_sift(struct flight *flight)
{
	for (unsigned i = 0; i < flight->group_count; i++) {
		const struct flight_group *group = &flight->groups[i];
		bool dropped = group->way == FLIGHT_DROPPED;
		unsigned count = 0;

		if (group->order_count == 0)
			count = sift_group(flight, i);
		if (count == 0)
			continue;
		log_info(dropped ? "recipients dropped" : "recipients refused",
		    FLIGHT_LOG(flight->message),
		    log_str("route", group->route->name),
		    log_num("recipients", count),
		    log_str("why", group->refusal.text));
	}
}

static void
note_changes(struct flight *flight, const struct provider *provider)
{
	struct mail_options *left = options_fit(
	    flight->delivery, provider->translator->options, clock_wall_ms());

	if (left->notes->len > 0)
		flight->changes = g_ptr_array_ref(left->notes);
	options_free(left);
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
	if (flight->delivery->options != NULL)
		note_changes(flight, provider);
}

void
flight_clear(struct flight *flight)
{
	g_clear_pointer(&flight->delivery, delivery_free);
	g_clear_pointer(&flight->exchange, exchange_free);
	g_clear_error(&flight->error);
	g_clear_pointer(&flight->changes, g_ptr_array_unref);
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
	if (record->notes != NULL)
		g_array_unref(record->notes);
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
	for (unsigned i = 0; i < flight->group_count; i++)
		group_clear(&flight->groups[i]);
	g_free(flight->groups);
	hints_clear(&flight->hints);
	options_free(flight->options);
	g_free(flight);
}
