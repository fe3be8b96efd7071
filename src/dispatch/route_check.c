/* SPDX-License-Identifier: MIT */
#include "route_check.h"

#include "route_read.h"
#include <string.h>

G_GNUC_PRINTF(2, 3)
static void
add_error(GPtrArray *errors, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_ptr_array_add(errors, g_strdup_vprintf(format, arguments));
	va_end(arguments);
}

const char *
route_check_reports(const struct config *config)
{
	return config_string(config, "server", "bounce_route");
}

static bool
obeys(const struct config *config, const char *listener)
{
	g_autofree char *section = g_strconcat("listener ", listener, NULL);

	return config_bool(config, section, "control_headers");
}

/* Some mail may name its route. */
static bool
is_anyone_obeyed(const struct config *config)
{
	const char *const *names = config_names(config, "listener");

	for (; *names != NULL; names++)
		if (obeys(config, *names))
			return true;
	return false;
}

/* [route default] may stand for all providers without a section. */
static bool
is_section(const struct config *config, const struct route *route)
{
	return g_strv_contains(config_names(config, "route"), route->name);
}

static void
check_reach(
    const struct config *config, const struct route *route, GPtrArray *errors)
{
	g_autofree char *section = g_strconcat("route ", route->name, NULL);
	bool usual = strcmp(route->name, ROUTE_DEFAULT) == 0;
	bool empty = rule_is_empty(&route->rule);

	if (usual && !empty)
		add_error(errors,
		    "%s: [%s] has conditions, and takes whatever no other "
		    "route takes; leave them out, or give the route another "
		    "name",
		    config_origin(config, section, "providers"), section);
	else if (!usual && empty && !is_anyone_obeyed(config) &&
		 g_strcmp0(route->name, route_check_reports(config)) != 0)
		add_error(errors,
		    "%s: [%s]: nothing goes by it: it has no condition "
		    "(sender_domains, recipient_domains, listeners, user, header), "
		    "is not the bounce_route of [server], and no listener has "
		    "control_headers = yes, so that mail could name it; add a "
		    "condition, rename it to [route " ROUTE_DEFAULT
		    "], or leave it out",
		    config_origin(config, section, "providers"), section);
}

static void
check_reports(const struct config *config, GPtrArray *errors)
{
	const char *const *names = config_names(config, "route");
	const char *reports = route_check_reports(config);

	if (reports == NULL || g_strv_contains(names, reports))
		return;
	g_autofree char *all = route_read_names(names);
	add_error(errors,
	    "%s: [server] bounce_route is \"%s\", and there is no [route %s]; "
	    "%s",
	    config_origin(config, "server", "bounce_route"), reports, reports,
	    all);
}

static void
check_providers(const struct config *config, GPtrArray *errors)
{
	const char *const *names = config_names(config, "provider");
	unsigned count = g_strv_length((char **)names);

	if (count == 0)
		add_error(errors,
		    "settings: no provider is set: add a section like "
		    "[provider mailgun] with type, domain and api_key_file "
		    "to the settings file; without any file the variables "
		    "MAILGUN_API_KEY and MAILGUN_DOMAIN are enough");
	else if (count > LEDGER_PROVIDERS_MAX)
		add_error(errors,
		    "settings: there may be %d providers at most, not %u: "
		    "leave some out",
		    LEDGER_PROVIDERS_MAX, count);
}

/* A mail is split into no more groups than there is room for. */
static void
check_count(const GPtrArray *routes, GPtrArray *errors)
{
	unsigned count = routes->len;

	for (unsigned i = 0; i < routes->len; i++) {
		const struct route *route = routes->pdata[i];
		count += route->guise.only_to != NULL;
	}
	if (count > LEDGER_GROUPS_MAX)
		add_error(errors,
		    "settings: there may be %d routes at most, [route default] "
		    "included and those with only_to counted twice, not %u: "
		    "leave some out",
		    LEDGER_GROUPS_MAX, count);
}

void
route_check_all(
    const struct config *config, const GPtrArray *routes, GPtrArray *errors)
{
	for (unsigned i = 0; i < routes->len; i++) {
		const struct route *route = routes->pdata[i];

		if (is_section(config, route))
			check_reach(config, route, errors);
	}
	check_reports(config, errors);
	check_providers(config, errors);
	check_count(routes, errors);
}

static bool
has_domains(const struct route *route, const GPtrArray *providers)
{
	for (unsigned i = 0; i < route->count; i++) {
		const struct provider *provider =
		    providers->pdata[route->numbers[i]];

		if (provider->domains != NULL)
			return true;
	}
	return false;
}

void
route_check_domains(const struct config *config, const GPtrArray *routes,
    const GPtrArray *providers, GPtrArray *errors)
{
	for (unsigned i = 0; i < routes->len; i++) {
		const struct route *route = routes->pdata[i];
		g_autofree char *section =
		    g_strconcat("route ", route->name, NULL);

		if (route->guise.from == NULL ||
		    route->guise.rewrite != ROUTE_FOREIGN ||
		    has_domains(route, providers))
			continue;
		add_error(errors,
		    "%s: [%s] from = %s is never used with rewrite_from = "
		    "foreign: none of its providers has `domains` that mail "
		    "could be foreign to; set these, or rewrite_from = always",
		    config_origin(config, section, "from"), section,
		    config_string(config, section, "from"));
	}
}
