/* SPDX-License-Identifier: MIT */
#include "route.h"

#include <string.h>

#define DEFAULT "default"

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

/* What reports go by; NULL: as mail does. */
static const char *
read_reports(const struct config *config)
{
	return config_string(config, "server", "bounce_route");
}

/* "there are: a, b", for a name that is not among them. */
static char *
list_names(const char *const *names)
{
	g_autofree char *all = g_strjoinv(", ", (char **)names);

	if (*all == '\0')
		return g_strdup("there is none at all");
	return g_strdup_printf("there are: %s", all);
}

static void
check_providers(
    const struct config *config, const char *section, GPtrArray *errors)
{
	const char *const *known = config_names(config, "provider");
	const char *const *wanted = config_list(config, section, "providers");
	g_autofree char *all = list_names(known);

	for (; wanted != NULL && *wanted != NULL; wanted++)
		if (!is_in(known, *wanted))
			add_error(errors,
			    "%s: [%s] providers names \"%s\", and there is no "
			    "[provider %s]; %s",
			    config_origin(config, section, "providers"),
			    section, *wanted, *wanted, all);
}

static void
check_routes(const struct config *config, GPtrArray *errors)
{
	const char *const *names = config_names(config, "route");
	const char *reports = read_reports(config);

	for (; *names != NULL; names++) {
		g_autofree char *section = g_strconcat("route ", *names, NULL);

		check_providers(config, section, errors);
		if (strcmp(*names, DEFAULT) != 0 &&
		    g_strcmp0(*names, reports) != 0)
			add_error(errors,
			    "%s: [%s]: nothing goes by it: mail goes by "
			    "[route " DEFAULT "], reports by the bounce_route "
			    "of [server]; rename it, or leave it out",
			    config_origin(config, section, "providers"),
			    section);
	}
}

static void
check_reports(const struct config *config, GPtrArray *errors)
{
	const char *const *names = config_names(config, "route");
	const char *reports = read_reports(config);

	if (reports == NULL || is_in(names, reports))
		return;
	g_autofree char *all = list_names(names);
	add_error(errors,
	    "%s: [server] bounce_route is \"%s\", and there is no [route %s]; "
	    "%s",
	    config_origin(config, "server", "bounce_route"), reports, reports,
	    all);
}

static void
check_count(const struct config *config, GPtrArray *errors)
{
	const char *const *names = config_names(config, "provider");
	unsigned count = g_strv_length((char **)names);

	if (count == 0)
		add_error(errors,
		    "settings: no provider is set: add a section like "
		    "[provider mailgun] with type, domain and api_key_file, "
		    "or set MAILGUN_API_KEY and MAILGUN_DOMAIN");
	else if (count > LEDGER_PROVIDERS_MAX)
		add_error(errors,
		    "settings: there may be %d providers at most, not %u: "
		    "leave some out",
		    LEDGER_PROVIDERS_MAX, count);
}

static void
check_names(const struct config *config, GPtrArray *errors)
{
	check_routes(config, errors);
	check_reports(config, errors);
	check_count(config, errors);
}

bool
route_map_check(struct config *config, GPtrArray *errors)
{
	const char *const *names = config_names(config, "provider");
	unsigned before = errors->len;

	check_names(config, errors);
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

static unsigned
find_number(const struct config *config, const char *name)
{
	const char *const *names = config_names(config, "provider");
	unsigned number = 0;

	while (strcmp(names[number], name) != 0)
		number++;
	return number;
}

/* wanted NULL: all providers. */
static struct route *
make_route(const struct config *config, const char *name,
    const char *const *wanted, int64_t give_up_ms)
{
	struct route *route = g_new0(struct route, 1);

	route->name = g_strdup(name);
	route->give_up_ms = give_up_ms;
	if (wanted == NULL)
		wanted = config_names(config, "provider");
	for (; *wanted != NULL; wanted++)
		route->numbers[route->count++] = find_number(config, *wanted);
	return route;
}

static void
free_route(void *object)
{
	struct route *route = object;

	g_free(route->name);
	g_free(route);
}

static const struct route *
add_route(struct route_map *map, const struct config *config, const char *name)
{
	g_autofree char *section = g_strconcat("route ", name, NULL);
	bool there = is_in(config_names(config, "route"), name);
	int64_t give_up = there ? config_number(config, section, "give_up") : 0;

	if (give_up == 0)
		give_up = config_number(config, "server", "give_up");
	struct route *route = make_route(config, name,
	    there ? config_list(config, section, "providers") : NULL, give_up);
	g_ptr_array_add(map->routes, route);
	return route;
}

static bool
open_providers(struct route_map *map, struct config *config, GError **error)
{
	const char *const *names = config_names(config, "provider");

	for (; *names != NULL; names++) {
		struct provider *provider =
		    provider_open(*names, config, error);
		if (provider == NULL)
			return false;
		g_ptr_array_add(map->providers, provider);
	}
	return true;
}

struct route_map *
route_map_open(struct config *config, GError **error)
{
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	const char *reports = read_reports(config);

	check_names(config, errors);
	if (errors->len > 0) {
		g_set_error_literal(error, route_error(), 0, errors->pdata[0]);
		return NULL;
	}
	struct route_map *map = g_new0(struct route_map, 1);
	map->providers =
	    g_ptr_array_new_with_free_func((GDestroyNotify)provider_unref);
	map->routes = g_ptr_array_new_with_free_func(free_route);
	if (!open_providers(map, config, error)) {
		route_map_free(map);
		return NULL;
	}
	map->usual = map->reports = add_route(map, config, DEFAULT);
	if (reports != NULL && strcmp(reports, DEFAULT) != 0)
		map->reports = add_route(map, config, reports);
	return map;
}

void
route_map_free(struct route_map *map)
{
	if (map == NULL)
		return;
	g_ptr_array_unref(map->routes);
	g_ptr_array_unref(map->providers);
	g_free(map);
}

struct provider *
route_map_provider(const struct route_map *map, unsigned number)
{
	g_assert(number < map->providers->len);
	return map->providers->pdata[number];
}

const struct route *
route_map_choose(
    const struct route_map *map, const struct submission *submission)
{
	return submission->report ? map->reports : map->usual;
}

unsigned
route_order(const struct route *route, const struct plan *plans, unsigned *out)
{
	unsigned count = 0;

	for (unsigned i = 0; i < route->count; i++) {
		const struct plan *plan = &plans[route->numbers[i]];
		if (plan->obstacle == PLAN_POSSIBLE && plan->losses == 0)
			out[count++] = route->numbers[i];
	}
	for (unsigned i = 0; i < route->count; i++) {
		const struct plan *plan = &plans[route->numbers[i]];
		if (plan->obstacle == PLAN_POSSIBLE && plan->losses != 0)
			out[count++] = route->numbers[i];
	}
	return count;
}
