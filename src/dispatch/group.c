/* SPDX-License-Identifier: MIT */
#include "group.h"

#include "core/clock.h"
#include "group_options.h"
#include <string.h>

/* Permanent, and of the size (RFC 5321 4.2.3). */
#define STATUS_REFUSED   554
#define STATUS_TOO_LARGE 552

/* A group that is being planned. */
struct planning {
	struct flight *flight;
	const struct route_map *map;
	struct flight_group *group;
	struct delivery *delivery; /* for all of it */
	int64_t now_ms;            /* wall clock */
};

static const struct address *
find_recipient(const struct flight *flight, unsigned number)
{
	return envelope_recipient(
	    flight->message->submission->envelope, number);
}

/* The number of the group of that route and way, which may be a new one. */
static unsigned
find_group(struct flight *flight, const struct flight_group *like)
{
	unsigned i;

	for (i = 0; i < flight->group_count; i++) {
		const struct flight_group *group = &flight->groups[i];

		if (group->route == like->route && group->way == like->way)
			return i;
	}
	g_assert(i < LEDGER_GROUPS_MAX);
	flight->groups = g_renew(struct flight_group, flight->groups, i + 1);
	flight->groups[i] = *like;
	flight->groups[i].doubt =
	    flight->hints.has_doubt ? flight->hints.doubt : like->route->doubt;
	flight->group_count++;
	return i;
}

static enum flight_way
choose_way(const struct route *route, const struct address *recipient)
{
	if (route_drops(route, recipient))
		return FLIGHT_DROPPED;
	return route_redirects(route, recipient) ? FLIGHT_REDIRECTED
						 : FLIGHT_STRAIGHT;
}

static char *
explain_unknown(const struct flight *flight, const struct route_map *map)
{
	g_autofree const char **names =
	    g_new0(const char *, map->routes->len + 1);

	for (unsigned i = 0; i < map->routes->len; i++) {
		const struct route *route = map->routes->pdata[i];

		names[i] = route->name;
	}
	return hints_tell_unknown(flight->hints.route, names);
}

static char *
explain_look(const struct flight *flight, const struct route_map *map,
    enum route_look look)
{
	switch (look) {
	case ROUTE_FOUND:
		break;
	case ROUTE_UNKNOWN:
		return explain_unknown(flight, map);
	case ROUTE_STRANGER:
		return hints_tell_stranger(
		    flight->message->submission->listener);
	case ROUTE_OF_OTHERS:
		return g_strdup("that route is of other users or listeners "
				"(its `user` and `listeners`)");
	}
	g_assert_not_reached();
}

static void
add_route_fault(
    struct flight *flight, const struct route_map *map, enum route_look look)
{
	g_autofree char *why = NULL;

	if (look == ROUTE_FOUND)
		return;
	why = explain_look(flight, map, look);
	hints_refuse_route(&flight->hints, why);
}

/* A mail that is refused has groups all the same. */
static void
split(struct flight *flight, const struct route_map *map)
{
	struct route_choice choice;
	enum route_look look =
	    route_map_look(map, flight->message, flight->hints.route, &choice);

	add_route_fault(flight, map, look);
	for (unsigned i = 0; i < flight->ledger->count; i++) {
		const struct address *recipient = find_recipient(flight, i);
		struct flight_group like = { 0 };

		like.route = route_map_choose(map, &choice, recipient);
		like.way = choose_way(like.route, recipient);
		flight->ledger->recipients[i].group = find_group(flight, &like);
	}
	if (flight->group_count == 0) {
		const struct flight_group usual = { .route = map->usual };

		find_group(flight, &usual);
	}
}

static struct delivery *
address_group(const struct flight *flight, unsigned number)
{
	unsigned most = flight->ledger->count, count = 0;
	g_autofree unsigned *members = g_new(unsigned, most);

	for (unsigned i = 0; i < most; i++)
		if (flight->ledger->recipients[i].group == number)
			members[count++] = i;
	return delivery_new(flight->message, members, count);
}

void
group_dress(const struct flight *flight, const struct flight_group *group,
    const struct provider *provider, struct delivery *delivery)
{
	const struct route *route = group->route;

	delivery->options = group->options;
	delivery->format =
	    group->options != NULL && options_find_raw(group->options) != NULL
		? FORMAT_RAW
		: route->format;
	delivery->guise = (struct delivery_guise){ 0 };
	if (route_rewrites(route, provider, flight->from_domain))
		delivery->guise.from = route->guise.from;
	if (group->way == FLIGHT_REDIRECTED)
		delivery->guise.redirect = route->guise.redirect;
}

/* Adds why not by that provider to what is told of the group. */
static void
add_obstacle(struct flight_group *group, const struct provider *provider,
    unsigned number, const char *text)
{
	char *before = group->refusal.text;

	if (before == NULL) {
		group->refusal.provider = number;
		group->refusal.status =
		    group->plans[number].obstacle == PLAN_TOO_LARGE
			? STATUS_TOO_LARGE
			: STATUS_REFUSED;
		group->refusal.text = g_strdup(text);
	} else if (!g_str_has_suffix(before, text)) {
		group->refusal.text =
		    g_strdup_printf("%s; %s: %s", before, provider->name, text);
		g_free(before);
	}
}

/* What the mail asks for, and that provider cannot do. */
static const struct option_value *
find_bar(const struct planning *planning, const struct provider *provider)
{
	return options_fit_bar(planning->delivery,
	    provider->translator->options, planning->now_ms);
}

/* Returns the provider's bit when it can carry it. */
static uint32_t
plan_provider(const struct planning *planning, unsigned number)
{
	struct flight *flight = planning->flight;
	struct plan *plan = &planning->group->plans[number];
	const struct provider *provider =
	    route_map_provider(planning->map, number);

	group_dress(flight, planning->group, provider, planning->delivery);
	if (find_bar(planning, provider) != NULL) {
		*plan = (struct plan){ .obstacle = PLAN_BOUND };
		return 0;
	}
	plan_make(plan, planning->delivery, provider);
	if (plan->obstacle != PLAN_POSSIBLE) {
		g_autofree char *text =
		    plan_obstacle_explain(plan->obstacle, planning->delivery);

		add_obstacle(planning->group, provider, number, text);
		return 0;
	}
	ledger_allow(
	    flight->ledger, number, provider->translator->limits.recipients);
	return 1u << number;
}

/* Its header fields, or settings of the route, each once. */
static char *
list_bars(const struct planning *planning)
{
	const struct route *route = planning->group->route;
	g_autoptr(GPtrArray) fields = g_ptr_array_new();

	for (unsigned i = 0; i < route->count; i++) {
		const struct option_value *bar = find_bar(planning,
		    route_map_provider(planning->map, route->numbers[i]));

		if (bar != NULL && !g_ptr_array_find_with_equal_func(
				       fields, bar->field, g_str_equal, NULL))
			g_ptr_array_add(fields, bar->field);
	}
	g_ptr_array_add(fields, NULL);
	return g_strjoinv(" and ", (char **)fields->pdata);
}

/* Who lacks what.  New string. */
static char *
list_lacks(const struct planning *planning)
{
	const struct route *route = planning->group->route;
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < route->count; i++) {
		const struct provider *provider =
		    route_map_provider(planning->map, route->numbers[i]);
		const struct option_value *bar = find_bar(planning, provider);
		g_autofree char *why = NULL;

		if (bar == NULL)
			continue;
		why = options_fit_why(
		    bar, planning->delivery, provider->translator->options);
		g_string_append_printf(text, "; %s: %s", provider->name, why);
	}
	return g_string_free(text, FALSE);
}

static void
explain_bound(const struct planning *planning)
{
	struct flight_group *group = planning->group;
	g_autofree char *fields = NULL;
	g_autofree char *lacks = NULL;

	if (group->refusal.text != NULL)
		return;
	fields = list_bars(planning);
	lacks = list_lacks(planning);
	group->refusal.provider = LEDGER_NOBODY;
	group->refusal.status = STATUS_REFUSED;
	group->refusal.text = g_strdup_printf(
	    "no provider of [route %s] can do what it asks for by %s%s",
	    group->route->name, fields, lacks);
}

static void
explain_dropped(struct flight_group *group)
{
	group->refusal.text =
	    g_strdup_printf("not sent: only_to of [route %s] does not name it",
		group->route->name);
}

static void
explain_fault(const struct flight *flight, struct flight_group *group)
{
	group->refusal.provider = LEDGER_NOBODY;
	group->refusal.status = STATUS_REFUSED;
	group->refusal.text = g_strdup(flight->hints.fault);
}

static uint32_t
plan_route(const struct planning *planning)
{
	struct flight_group *group = planning->group;
	const struct route *route = group->route;
	const char *id = planning->flight->message->submission->id;
	uint32_t takers = 0;

	for (unsigned i = 0; i < route->count; i++)
		takers |= plan_provider(planning, route->numbers[i]);
	if (takers == 0)
		explain_bound(planning);
	group->order_count =
	    route_order(route, group->plans, route_order_lot(id), group->order);
	return takers;
}

/* Nobody is asked for the dropped, nor for a mail that is refused. */
static uint32_t
plan_group(const struct planning *planning)
{
	struct flight_group *group = planning->group;

	group->plans = g_new0(struct plan, planning->map->providers->len);
	if (group->way == FLIGHT_DROPPED)
		explain_dropped(group);
	else if (planning->flight->hints.fault != NULL)
		explain_fault(planning->flight, group);
	else
		return plan_route(planning);
	return 0;
}

/* Accounts at one company; with SMTP at one host. */
static bool
is_like(const struct provider *one, const struct provider *other)
{
	return g_strcmp0(one->translator->type, other->translator->type) == 0 &&
	       one->translator->kind == other->translator->kind &&
	       (one->translator->kind == EXCHANGE_HTTP ||
		   g_strcmp0(one->endpoint.host, other->endpoint.host) == 0);
}

static void
liken(struct ledger *ledger, const struct route_map *map)
{
	for (unsigned i = 1; i < map->providers->len; i++) {
		unsigned first = 0;

		while (!is_like(
		    route_map_provider(map, i), route_map_provider(map, first)))
			first++;
		ledger_liken(ledger, i, first);
	}
}

void
group_make(struct flight *flight, const struct route_map *map)
{
	liken(flight->ledger, map);
	split(flight, map);
	for (unsigned i = 0; i < flight->group_count; i++) {
		flight->groups[i].options =
		    group_options_make(flight, &flight->groups[i]);
		struct delivery *delivery = address_group(flight, i);
		const struct planning planning = { flight, map,
			&flight->groups[i], delivery, clock_wall_ms() };
		uint32_t takers = plan_group(&planning);

		for (unsigned k = 0; k < delivery->count; k++)
			ledger_group(
			    flight->ledger, delivery->recipients[k], i, takers);
		delivery_free(delivery);
	}
}

void
group_clear(struct flight_group *group)
{
	g_free(group->plans);
	g_free(group->refusal.text);
	options_free(group->options);
}
