/* SPDX-License-Identifier: MIT */
#include "route.h"

#include "pattern.h"
#include "route_check.h"
#include "route_options.h"
#include "route_read.h"
#include <string.h>

static GQuark
route_error(void)
{
	return g_quark_from_static_string("route");
}

/* In the order of the file; [route default] last when it has no section. */
static GPtrArray *
read_routes(const struct config *config, GPtrArray *errors)
{
	const char *const *names = config_names(config, "route");
	GPtrArray *routes = g_ptr_array_new_with_free_func(route_read_free);
	bool usual = g_strv_contains(names, ROUTE_DEFAULT);

	for (; *names != NULL; names++)
		g_ptr_array_add(routes, route_read(config, *names, errors));
	if (!usual)
		g_ptr_array_add(
		    routes, route_read(config, ROUTE_DEFAULT, errors));
	route_check_all(config, routes, errors);
	return routes;
}

static GPtrArray *
open_providers(struct config *config, GPtrArray *errors)
{
	const char *const *names = config_names(config, "provider");
	GPtrArray *providers =
	    g_ptr_array_new_with_free_func((GDestroyNotify)provider_unref);

	for (; *names != NULL; names++) {
		g_autoptr(GError) error = NULL;
		struct provider *provider =
		    provider_open(*names, config, &error);

		if (provider != NULL)
			g_ptr_array_add(providers, provider);
		else
			g_ptr_array_add(errors, g_strdup(error->message));
	}
	return providers;
}

static const struct route *
find_route(const struct route_map *map, const char *name)
{
	for (unsigned i = 0; name != NULL && i < map->routes->len; i++) {
		const struct route *route = map->routes->pdata[i];
		if (strcmp(route->name, name) == 0)
			return route;
	}
	return NULL;
}

/* With all errors there are. */
static struct route_map *
make_map(struct config *config, GPtrArray *errors)
{
	struct route_map *map = g_new0(struct route_map, 1);

	map->routes = read_routes(config, errors);
	map->providers = open_providers(config, errors);
	if (errors->len == 0) {
		route_check_domains(
		    config, map->routes, map->providers, errors);
		route_options_check(
		    config, map->routes, map->providers, errors);
	}
	map->usual = find_route(map, ROUTE_DEFAULT);
	map->report = find_route(map, route_check_reports(config));
	map->orders = orders_new(config);
	return map;
}

bool
route_map_check(struct config *config, GPtrArray *errors)
{
	g_autoptr(GPtrArray) found = g_ptr_array_new();

	route_map_free(make_map(config, found));
	for (unsigned i = 0; i < found->len; i++)
		g_ptr_array_add(errors, found->pdata[i]);
	return found->len == 0;
}

struct route_map *
route_map_open(struct config *config, GError **error)
{
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	struct route_map *map = make_map(config, errors);

	if (errors->len == 0)
		return map;
	g_set_error_literal(error, route_error(), 0, errors->pdata[0]);
	route_map_free(map);
	return NULL;
}

void
route_map_free(struct route_map *map)
{
	if (map == NULL)
		return;
	g_ptr_array_unref(map->routes);
	g_ptr_array_unref(map->providers);
	orders_free(map->orders);
	g_free(map);
}

struct provider *
route_map_provider(const struct route_map *map, unsigned number)
{
	g_assert(number < map->providers->len);
	return map->providers->pdata[number];
}

static enum route_look
look_for(const struct route_map *map, const struct submission *submission,
    const char *wanted, struct route_choice *out)
{
	const struct route *route = find_route(map, wanted);

	if (!orders_may_name(map->orders, submission))
		return ROUTE_STRANGER;
	if (route == NULL)
		return ROUTE_UNKNOWN;
	if (!rule_fits_client(&route->rule, submission))
		return ROUTE_OF_OTHERS;
	out->only = route;
	return ROUTE_FOUND;
}

enum route_look
route_map_look(const struct route_map *map, const struct message *message,
    const char *wanted, struct route_choice *out)
{
	*out = (struct route_choice){ 0 };
	if (message->submission->report && map->report != NULL) {
		out->only = map->report;
		return ROUTE_FOUND;
	}
	if (wanted != NULL)
		return look_for(map, message->submission, wanted, out);
	for (unsigned i = 0; i < map->routes->len; i++) {
		const struct route *route = map->routes->pdata[i];

		if (!rule_is_empty(&route->rule) &&
		    rule_fits_mail(&route->rule, message))
			out->fitting |= 1u << i;
	}
	return ROUTE_FOUND;
}

const struct route *
route_map_choose(const struct route_map *map, const struct route_choice *choice,
    const struct address *recipient)
{
	if (choice->only != NULL)
		return choice->only;
	for (unsigned i = 0; i < map->routes->len; i++) {
		const struct route *route = map->routes->pdata[i];

		if (choice->fitting & 1u << i &&
		    rule_fits_recipient(&route->rule, recipient))
			return route;
	}
	return map->usual;
}

static uint64_t
find_most(const struct route_map *map, const struct route *route)
{
	uint64_t most = 0;

	for (unsigned i = 0; i < route->count; i++)
		most = MAX(most,
		    route_map_provider(map, route->numbers[i])->size_bytes);
	return most;
}

uint64_t
route_map_size_most(const struct route_map *map, const char *listener)
{
	uint64_t most = 0;

	for (unsigned i = 0; i < map->routes->len; i++) {
		const struct route *route = map->routes->pdata[i];
		bool meant = listener == NULL ||
			     rule_has_listener(&route->rule, listener);

		if (meant && route != map->report)
			most = MAX(most, find_most(map, route));
	}
	return most;
}

bool
route_rewrites(const struct route *route, const struct provider *provider,
    const char *domain)
{
	if (route->guise.from == NULL || route->guise.rewrite == ROUTE_NEVER)
		return false;
	return route->guise.rewrite == ROUTE_ALWAYS ||
	       provider_domain(provider, domain) == NULL;
}

static bool
is_outside(const struct route *route, const struct address *recipient)
{
	return route->guise.only_to != NULL &&
	       !pattern_has_address(route->guise.only_to, recipient);
}

bool
route_redirects(const struct route *route, const struct address *recipient)
{
	return route->guise.redirect != NULL &&
	       (route->guise.only_to == NULL || is_outside(route, recipient));
}

bool
route_drops(const struct route *route, const struct address *recipient)
{
	return route->guise.redirect == NULL && is_outside(route, recipient);
}
