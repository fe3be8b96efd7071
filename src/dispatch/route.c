/* SPDX-License-Identifier: MIT */
#include "route.h"

#include "ledger.h"
#include <string.h>

#define ROUTE_SECTION "route default"

static GQuark
route_error(void)
{
	return g_quark_from_static_string("route");
}

static bool
is_in(const char *const *names, const char *name)
{
	return names != NULL && g_strv_contains(names, name);
}

static bool
check_route_names(const struct config *config, GError **error)
{
	const char *const *routes = config_names(config, "route");

	for (; *routes != NULL; routes++) {
		if (strcmp(*routes, "default") == 0)
			continue;
		g_set_error(error, route_error(), 0,
		    "[route %s]: only [route default] is used; rename it",
		    *routes);
		return false;
	}
	return true;
}

static bool
check_providers(
    const struct config *config, const char *const *wanted, GError **error)
{
	const char *const *known = config_names(config, "provider");

	for (; *wanted != NULL; wanted++) {
		if (is_in(known, *wanted))
			continue;
		g_autofree char *all = g_strjoinv(", ", (char **)known);
		g_set_error(error, route_error(), 0,
		    "%s: [" ROUTE_SECTION "] providers names \"%s\", and there "
		    "is no [provider %s]; there are: %s",
		    config_origin(config, ROUTE_SECTION, "providers"), *wanted,
		    *wanted, all);
		return false;
	}
	return true;
}

static const char *const *
choose_names(const struct config *config, GError **error)
{
	const char *const *names = config_names(config, "provider");

	if (is_in(config_names(config, "route"), "default")) {
		names = config_list(config, ROUTE_SECTION, "providers");
		if (!check_providers(config, names, error))
			return NULL;
	}
	unsigned count = g_strv_length((char **)names);
	if (count == 0)
		g_set_error(error, route_error(), 0,
		    "no provider is set: add a section like [provider "
		    "mailgun] with type, domain and api_key_file, or set "
		    "MAILGUN_API_KEY and MAILGUN_DOMAIN");
	else if (count > LEDGER_PROVIDERS_MAX)
		g_set_error(error, route_error(), 0,
		    "a route has at most %d providers, not %u",
		    LEDGER_PROVIDERS_MAX, count);
	else
		return names;
	return NULL;
}

struct route *
route_open(struct config *config, GError **error)
{
	if (!check_route_names(config, error))
		return NULL;
	const char *const *names = choose_names(config, error);
	if (names == NULL)
		return NULL;
	struct route *route = g_new0(struct route, 1);
	route->name = g_strdup("default");
	route->providers =
	    g_ptr_array_new_with_free_func((GDestroyNotify)provider_unref);
	for (; *names != NULL; names++) {
		struct provider *provider =
		    provider_open(*names, config, error);
		if (provider == NULL) {
			route_free(route);
			return NULL;
		}
		g_ptr_array_add(route->providers, provider);
	}
	return route;
}

void
route_free(struct route *route)
{
	if (route == NULL)
		return;
	g_ptr_array_unref(route->providers);
	g_free(route->name);
	g_free(route);
}

struct provider *
route_provider(const struct route *route, unsigned number)
{
	g_assert(number < route->providers->len);
	return route->providers->pdata[number];
}

unsigned
route_order(const struct route *route, const struct plan *plans, unsigned *out)
{
	unsigned count = 0;

	for (unsigned i = 0; i < route->providers->len; i++)
		if (plans[i].obstacle == PLAN_POSSIBLE && plans[i].losses == 0)
			out[count++] = i;
	for (unsigned i = 0; i < route->providers->len; i++)
		if (plans[i].obstacle == PLAN_POSSIBLE && plans[i].losses != 0)
			out[count++] = i;
	return count;
}
