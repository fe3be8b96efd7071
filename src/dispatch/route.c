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

G_GNUC_PRINTF(2, 3)
static void
add_error(GPtrArray *errors, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_ptr_array_add(errors, g_strdup_vprintf(format, arguments));
	va_end(arguments);
}

static void
check_route_names(const struct config *config, GPtrArray *errors)
{
	const char *const *routes = config_names(config, "route");

	for (; *routes != NULL; routes++) {
		g_autofree char *section = g_strconcat("route ", *routes, NULL);

		if (strcmp(section, ROUTE_SECTION) != 0)
			add_error(errors,
			    "%s: [%s]: only [" ROUTE_SECTION "] is used; "
			    "rename it, or leave it out",
			    config_origin(config, section, "providers"),
			    section);
	}
}

static void
check_names(
    const struct config *config, const char *const *wanted, GPtrArray *errors)
{
	const char *const *known = config_names(config, "provider");
	const char *origin = config_origin(config, ROUTE_SECTION, "providers");
	g_autofree char *all = g_strjoinv(", ", (char **)known);

	for (; *wanted != NULL; wanted++)
		if (!is_in(known, *wanted))
			add_error(errors,
			    "%s: [" ROUTE_SECTION "] providers names \"%s\", "
			    "and there is no [provider %s]; there %s%s",
			    origin, *wanted, *wanted,
			    *all != '\0' ? "are: " : "is none at all", all);
}

/* What mail goes by, in the order of trying. */
static const char *const *
choose_names(const struct config *config)
{
	return is_in(config_names(config, "route"), "default")
		   ? config_list(config, ROUTE_SECTION, "providers")
		   : config_names(config, "provider");
}

static void
check_count(const struct config *config, GPtrArray *errors)
{
	const char *const *names = choose_names(config);
	unsigned count = g_strv_length((char **)names);

	check_names(config, names, errors);
	if (count == 0)
		add_error(errors,
		    "settings: no provider is set: add a section like "
		    "[provider mailgun] with type, domain and api_key_file, "
		    "or set MAILGUN_API_KEY and MAILGUN_DOMAIN");
	else if (count > LEDGER_PROVIDERS_MAX)
		add_error(errors,
		    "%s: [" ROUTE_SECTION "] providers: a route has at most "
		    "%d providers, not %u: name fewer",
		    config_origin(config, ROUTE_SECTION, "providers"),
		    LEDGER_PROVIDERS_MAX, count);
}

bool
route_check(struct config *config, GPtrArray *errors)
{
	const char *const *names = config_names(config, "provider");
	unsigned before = errors->len;

	check_route_names(config, errors);
	check_count(config, errors);
	for (; *names != NULL; names++) {
		g_autoptr(GError) error = NULL;
		struct provider *provider =
		    provider_open(*names, config, &error);

		if (provider == NULL)
			add_error(errors, "%s", error->message);
		provider_unref(provider);
	}
	return errors->len == before;
}

/* The first of what is wrong with the route itself. */
static bool
check_route(const struct config *config, GError **error)
{
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);

	check_route_names(config, errors);
	check_count(config, errors);
	if (errors->len == 0)
		return true;
	g_set_error_literal(error, route_error(), 0, errors->pdata[0]);
	return false;
}

struct route *
route_open(struct config *config, GError **error)
{
	if (!check_route(config, error))
		return NULL;
	const char *const *names = choose_names(config);
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
