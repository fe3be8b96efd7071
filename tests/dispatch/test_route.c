/* SPDX-License-Identifier: MIT */
#include "route.h"

#include "configured.h"
#include <string.h>

static int opened;

/* "broken..." cannot be opened. */
struct provider *
provider_open(const char *name, struct config *config, GError **error)
{
	(void)config;
	if (g_str_has_prefix(name, "broken")) {
		g_set_error(error, g_quark_from_static_string("test"), 0,
		    "[provider %s] makes no sense", name);
		return NULL;
	}
	struct provider *provider = g_new0(struct provider, 1);
	provider->name = g_strdup(name);
	opened++;
	return provider;
}

void
provider_unref(struct provider *provider)
{
	if (provider == NULL)
		return;
	g_free(provider->name);
	g_free(provider);
	opened--;
}

#define PROVIDER(name) "[provider " name "]\ntype = fake\n"
#define THREE          PROVIDER("one") PROVIDER("two") PROVIDER("three")
#define ROUTE          "[route default]\nproviders = "

static const struct {
	const char *name, *text;
	const char *routes;   /* that of mail, of reports; NULL: an error */
	const char *error[4]; /* what it says */
} cases[] = {
	{ "without a route: as in the file", THREE,
	    "one two three, one two three", { NULL } },
	{ "a route", THREE ROUTE "three, one\n", "three one, three one",
	    { NULL } },
	{ "a route of one", THREE ROUTE "two\n", "two, two", { NULL } },
	{ "a provider that is not there", THREE ROUTE "one, tow\n", NULL,
	    { "\"tow\"", "one, two, three", ":8", "[route default]" } },
	{ "a route nothing goes by",
	    THREE ROUTE "one\n[route night]\nproviders = two\n", NULL,
	    { "[route night]", "nothing goes by it", "[route default]" } },
	{ "reports by a route of their own",
	    "[server]\nbounce_route = reports\n" THREE ROUTE "one, two\n"
	    "[route reports]\nproviders = three\n",
	    "one two, three", { NULL } },
	{ "only reports have a route",
	    "[server]\nbounce_route = reports\n" THREE
	    "[route reports]\nproviders = three\n",
	    "one two three, three", { NULL } },
	{ "reports as all mail",
	    "[server]\nbounce_route = default\n" THREE ROUTE "two\n",
	    "two, two", { NULL } },
	{ "a route of reports that is not there",
	    "[server]\nbounce_route = reprots\n" THREE ROUTE "two\n", NULL,
	    { "bounce_route is \"reprots\"", "no [route reprots]",
		"there are: default", ":2" } },
	{ "a route of reports, and none at all",
	    "[server]\nbounce_route = x\n" THREE, NULL,
	    { "bounce_route is \"x\"", "there is none at all" } },
	{ "no provider", "", NULL,
	    { "no provider is set", "[provider mailgun]", "MAILGUN_API_KEY" } },
	{ "a provider that makes no sense",
	    PROVIDER("one") PROVIDER("broken") PROVIDER("two"), NULL,
	    { "[provider broken] makes no sense" } },
};

static void
add_names(
    GString *names, const struct route_map *map, const struct route *route)
{
	for (unsigned i = 0; i < route->count; i++)
		g_string_append_printf(names, "%s%s", i > 0 ? " " : "",
		    route_map_provider(map, route->numbers[i])->name);
}

static char *
join_names(const struct route_map *map)
{
	GString *names = g_string_new(NULL);

	add_names(names, map, map->usual);
	g_string_append(names, ", ");
	add_names(names, map, map->reports);
	return g_string_free(names, FALSE);
}

static void
check_error(size_t row, const char *message)
{
	for (size_t i = 0; i < 4 && cases[row].error[i] != NULL; i++)
		if (strstr(message, cases[row].error[i]) == NULL)
			fail_msg("%s: \"%s\" lacks %s", cases[row].name,
			    message, cases[row].error[i]);
}

static void
test_open(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct config *config = configured_read(cases[i].text);
		g_autoptr(GError) error = NULL;
		struct route_map *map = route_map_open(config, &error);
		g_autofree char *names = map ? join_names(map) : NULL;

		if (g_strcmp0(names, cases[i].routes) != 0)
			fail_msg("%s: %s", cases[i].name,
			    names ? names : error->message);
		if (map == NULL)
			check_error(i, error->message);
		g_autoptr(GPtrArray) errors =
		    g_ptr_array_new_with_free_func(g_free);
		assert_int_equal(dispatcher_check(config, errors), map != NULL);
		assert_int_equal(errors->len == 0, map != NULL);
		route_map_free(map);
		config_unref(config);
		assert_int_equal(opened, 0);
	}
}

static const struct {
	const char *text;
	int64_t usual_ms, reports_ms;
} give_ups[] = {
	{ THREE, 432000000, 432000000 },
	{ "[server]\ngive_up = 1h\n" THREE ROUTE "one\n", 3600000, 3600000 },
	{ "[server]\nbounce_route = r\ngive_up = 2h\n" THREE ROUTE
	  "one\ngive_up = 15m\n[route r]\nproviders = two\n",
	    900000, 7200000 },
};

/* A route's own time, or the server's; and who goes by which. */
static void
test_choose(void **state)
{
	struct submission mail = { 0 }, report = { .report = true };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(give_ups); i++) {
		struct config *config = configured_read(give_ups[i].text);
		struct route_map *map = route_map_open(config, NULL);

		assert_non_null(map);
		assert_int_equal(route_map_choose(map, &mail)->give_up_ms,
		    give_ups[i].usual_ms);
		assert_int_equal(route_map_choose(map, &report)->give_up_ms,
		    give_ups[i].reports_ms);
		route_map_free(map);
		config_unref(config);
	}
}

/* All that is wrong is told, of providers that no route names too. */
static void
test_check_all(void **state)
{
	static const char *const wanted[] = { "names \"tow\"",
		"names \"threee\"", "[route night]: nothing",
		"bounce_route is \"x\"", "[provider broken] makes no sense",
		"[provider broken2] makes no sense" };
	struct config *config = configured_read(
	    "[server]\nbounce_route = x\n" PROVIDER("one") PROVIDER("broken")
		PROVIDER("broken2") ROUTE "one, tow, threee, broken\n"
					  "[route night]\nproviders = one\n");
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);

	(void)state;
	assert_false(dispatcher_check(config, errors));
	assert_int_equal(errors->len, G_N_ELEMENTS(wanted));
	for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++)
		if (strstr(errors->pdata[i], wanted[i]) == NULL)
			fail_msg("\"%s\" lacks %s", (char *)errors->pdata[i],
			    wanted[i]);
	assert_int_equal(opened, 0);
	config_unref(config);
}

static void
test_too_many(void **state)
{
	(void)state;
	for (unsigned count = LEDGER_PROVIDERS_MAX;
	     count <= LEDGER_PROVIDERS_MAX + 1; count++) {
		g_autoptr(GString) text = g_string_new(NULL);
		g_autoptr(GError) error = NULL;

		for (unsigned i = 0; i < count; i++)
			g_string_append_printf(
			    text, "[provider p%u]\ntype = fake\n", i);
		struct config *config = configured_read(text->str);
		struct route_map *map = route_map_open(config, &error);
		assert_int_equal(map != NULL, count == LEDGER_PROVIDERS_MAX);
		if (map == NULL)
			assert_non_null(strstr(
			    error->message, "32 providers at most, not 33"));
		route_map_free(map);
		config_unref(config);
	}
}

#define POSSIBLE(losses)                               \
	{                                              \
		PLAN_POSSIBLE, DELIVERY_RAW, losses, 0 \
	}
#define TOO_LARGE                                  \
	{                                          \
		PLAN_TOO_LARGE, DELIVERY_RAW, 0, 0 \
	}

static const struct {
	struct plan plans[4];
	unsigned count, order[4];
} orders[] = {
	{ { POSSIBLE(0), POSSIBLE(0), POSSIBLE(0), POSSIBLE(0) }, 4,
	    { 0, 1, 2, 3 } },
	{ { POSSIBLE(1), POSSIBLE(0), POSSIBLE(2), POSSIBLE(0) }, 4,
	    { 1, 3, 0, 2 } },
	{ { TOO_LARGE, POSSIBLE(4), POSSIBLE(0), TOO_LARGE }, 2, { 2, 1 } },
	{ { TOO_LARGE, TOO_LARGE, TOO_LARGE, TOO_LARGE }, 0, { 0 } },
};

static void
test_order(void **state)
{
	const struct route route = { .numbers = { 0, 1, 2, 3 }, .count = 4 };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(orders); i++) {
		unsigned out[4];
		unsigned count = route_order(&route, orders[i].plans, out);

		assert_int_equal(count, orders[i].count);
		assert_memory_equal(out, orders[i].order, count * sizeof *out);
	}
}

/* Only its own, in its own order. */
static void
test_order_of_some(void **state)
{
	static const struct plan plans[4] = { POSSIBLE(0), POSSIBLE(1),
		POSSIBLE(1), POSSIBLE(0) };
	static const unsigned wanted[] = { 3, 2, 1 };
	const struct route route = { .numbers = { 2, 3, 1 }, .count = 3 };
	unsigned out[4];

	(void)state;
	assert_int_equal(route_order(&route, plans, out), 3);
	assert_memory_equal(out, wanted, sizeof wanted);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_choose),
		cmocka_unit_test(test_check_all),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_order_of_some),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
