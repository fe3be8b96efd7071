/* SPDX-License-Identifier: MIT */
#include "dispatch/explain.h"

#include "flight.h"
#include "mail/options_fit.h"
#include "mail/parse.h"

struct explain {
	struct route_map *map;
	struct flight *flight;
	GPtrArray *groups;
};

static void
free_way(void *object)
{
	struct explain_way *way = object;

	g_free(way->obstacle);
	g_array_unref(way->losses);
	g_array_unref(way->fields);
	g_array_unref(way->raw);
	g_clear_pointer(&way->changes, g_ptr_array_unref);
	g_clear_pointer(&way->exchange, exchange_free);
	g_free(way);
}

static void
free_group(void *object)
{
	struct explain_group *group = object;

	g_free(group->dropped);
	g_free(group->refusal);
	g_ptr_array_unref(group->recipients);
	g_ptr_array_unref(group->ways);
	g_ptr_array_unref(group->order);
	g_free(group);
}

static GArray *
list_losses(uint64_t losses, const struct translator_limits *limits)
{
	GArray *list = g_array_new(FALSE, FALSE, sizeof(struct explain_loss));

	for (unsigned i = 0; i < PLAN_LOSS_BITS; i++) {
		uint64_t bit = UINT64_C(1) << i;
		struct explain_loss loss;

		if (!(losses & bit))
			continue;
		loss.text = plan_loss_text(bit);
		loss.why = plan_loss_why(bit, limits);
		g_array_append_val(list, loss);
	}
	return list;
}

/* What the dispatcher does before it sends, and what came of it. */
static void
encode(struct explain_way *way, struct flight *flight)
{
	const struct translator_limits *limits =
	    &way->provider->translator->limits;

	way->fields = list_losses(
	    plan_losses(flight->delivery, limits, DELIVERY_FIELDS), limits);
	way->raw = list_losses(
	    plan_losses(flight->delivery, limits, DELIVERY_RAW), limits);
	if (way->obstacle == NULL) {
		flight_encode(flight, way->provider);
		way->form = flight->plan.form;
		way->losses = list_losses(flight->plan.losses, limits);
		way->exchange = g_steal_pointer(&flight->exchange);
		way->changes = g_steal_pointer(&flight->changes);
		if (flight->error != NULL)
			way->obstacle = g_strdup(flight->error->message);
	} else {
		way->losses = list_losses(0, limits);
	}
}

/* Why not by this provider. */
static char *
tell_obstacle(const struct explain_way *way, enum plan_obstacle obstacle,
    const struct delivery *delivery)
{
	const struct options_rules *rules = way->provider->translator->options;
	const struct option_value *bar = NULL;

	if (obstacle == PLAN_BOUND)
		bar = options_fit_bar(delivery, rules,
		    delivery->message->submission->received_ms);
	return bar != NULL ? options_fit_why(bar, delivery, rules)
			   : plan_obstacle_explain(obstacle, delivery);
}

static struct explain_way *
make_way(struct explain *explain, unsigned provider, const unsigned *members,
    unsigned count, const char *hostname)
{
	struct flight *flight = explain->flight;
	const struct plan *plan =
	    &flight->groups[flight->group].plans[provider];
	struct explain_way *way = g_new0(struct explain_way, 1);
	unsigned most;

	way->provider = route_map_provider(explain->map, provider);
	way->has_fields = way->provider->translator->limits.fields;
	most = way->provider->translator->limits.recipients;
	most = most == 0 ? count : MIN(count, most);
	way->requests = (count + most - 1) / most;
	flight->delivery = delivery_new(flight->message, members, most);
	flight->delivery->hostname = hostname;
	flight_dress(flight, way->provider);
	if (plan->obstacle != PLAN_POSSIBLE)
		way->obstacle =
		    tell_obstacle(way, plan->obstacle, flight->delivery);
	encode(way, flight);
	flight_clear(flight);
	return way;
}

static void
add_ways(struct explain *explain, struct explain_group *group,
    const unsigned *members, const char *hostname)
{
	const struct flight *flight = explain->flight;
	const struct flight_group *from = &flight->groups[flight->group];

	for (unsigned i = 0; i < from->route->count; i++)
		g_ptr_array_add(group->ways,
		    make_way(explain, from->route->numbers[i], members,
			group->recipients->len, hostname));
	for (unsigned i = 0; i < from->order_count; i++)
		g_ptr_array_add(group->order,
		    route_map_provider(explain->map, from->order[i])->name);
}

static struct explain_group *
make_group(struct explain *explain, const char *hostname)
{
	struct flight *flight = explain->flight;
	const struct flight_group *from = &flight->groups[flight->group];
	struct explain_group *group = g_new0(struct explain_group, 1);
	unsigned most = flight->ledger->count;
	g_autofree unsigned *members = g_new(unsigned, most);

	group->route = from->route->name;
	group->recipients = g_ptr_array_new();
	group->ways = g_ptr_array_new_with_free_func(free_way);
	group->order = g_ptr_array_new();
	for (unsigned i = 0; i < most; i++) {
		if (flight->ledger->recipients[i].group != flight->group)
			continue;
		members[group->recipients->len] = i;
		g_ptr_array_add(group->recipients,
		    (void *)envelope_recipient(
			flight->message->submission->envelope, i));
	}
	if (from->way == FLIGHT_DROPPED)
		group->dropped = g_strdup(from->refusal.text);
	else if (from->order_count == 0)
		group->refusal = g_strdup(from->refusal.text);
	if (group->dropped == NULL && flight->hints.fault == NULL &&
	    group->recipients->len > 0)
		add_ways(explain, group, members, hostname);
	return group;
}

struct explain *
explain_new(struct config *config, struct submission *submission,
    const char *hostname, GError **error)
{
	struct explain *explain = g_new0(struct explain, 1);
	const struct parse_options options = { .hostname = hostname };
	struct message *message = NULL;

	explain->groups = g_ptr_array_new_with_free_func(free_group);
	explain->map = route_map_open(config, error);
	if (explain->map != NULL)
		message = parse_message(submission, &options, error);
	if (message == NULL) {
		explain_free(explain);
		return NULL;
	}
	explain->flight = flight_new(message, explain->map);
	for (unsigned i = 0; i < explain->flight->group_count; i++) {
		explain->flight->group = i;
		g_ptr_array_add(explain->groups, make_group(explain, hostname));
	}
	return explain;
}

void
explain_free(struct explain *explain)
{
	if (explain == NULL)
		return;
	g_ptr_array_unref(explain->groups);
	g_clear_pointer(&explain->flight, flight_free);
	g_clear_pointer(&explain->map, route_map_free);
	g_free(explain);
}

const GPtrArray *
explain_groups(const struct explain *explain)
{
	return explain->groups;
}

const struct message *
explain_message(const struct explain *explain)
{
	return explain->flight->message;
}
