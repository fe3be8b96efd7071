/* SPDX-License-Identifier: MIT */
#include "route.h"

#include "configured.h"
#include "ledger.h"
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
	const char *providers; /* joined by blanks; NULL: an error */
	const char *error[3];  /* what it says */
} cases[] = {
	{ "without a route: as in the file", THREE, "one two three", { NULL } },
	{ "a route", THREE ROUTE "three, one\n", "three one", { NULL } },
	{ "a route of one", THREE ROUTE "two\n", "two", { NULL } },
	{ "a provider that is not there", THREE ROUTE "one, tow\n", NULL,
	    { "\"tow\"", "one, two, three", ":8" } },
	{ "another route", THREE ROUTE "one\n[route night]\nproviders = two\n",
	    NULL, { "[route night]", "[route default]" } },
	{ "no provider", "", NULL,
	    { "no provider is set", "[provider mailgun]", "MAILGUN_API_KEY" } },
	{ "a provider that makes no sense",
	    PROVIDER("one") PROVIDER("broken") PROVIDER("two"), NULL,
	    { "[provider broken] makes no sense" } },
};

static char *
join_names(const struct route *route)
{
	GString *names = g_string_new(NULL);

	for (unsigned i = 0; i < route->providers->len; i++)
		g_string_append_printf(names, "%s%s", i > 0 ? " " : "",
		    route_provider(route, i)->name);
	return g_string_free(names, FALSE);
}

static void
check_error(size_t row, const char *message)
{
	for (size_t i = 0; i < 3 && cases[row].error[i] != NULL; i++)
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
		struct route *route = route_open(config, &error);
		g_autofree char *names = route ? join_names(route) : NULL;

		if (g_strcmp0(names, cases[i].providers) != 0)
			fail_msg("%s: %s", cases[i].name,
			    names ? names : error->message);
		if (route == NULL)
			check_error(i, error->message);
		g_autoptr(GPtrArray) errors =
		    g_ptr_array_new_with_free_func(g_free);
		assert_int_equal(
		    dispatcher_check(config, errors), route != NULL);
		assert_int_equal(errors->len == 0, route != NULL);
		route_free(route);
		config_unref(config);
		assert_int_equal(opened, 0);
	}
}

/* All that is wrong is told, of providers that the route leaves out too. */
static void
test_check_all(void **state)
{
	static const char *const wanted[] = { "[route night]: only",
		"names \"tow\"", "names \"threee\"",
		"[provider broken] makes no sense",
		"[provider broken2] makes no sense" };
	struct config *config = configured_read(
	    PROVIDER("one") PROVIDER("broken") PROVIDER("broken2") ROUTE
	    "one, tow, threee, broken\n"
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
		struct route *route = route_open(config, &error);
		assert_int_equal(route != NULL, count == LEDGER_PROVIDERS_MAX);
		if (route == NULL)
			assert_non_null(strstr(error->message,
			    "a route has at most 32 providers, not 33"));
		route_free(route);
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
	struct route route = { NULL, g_ptr_array_new() };

	(void)state;
	g_ptr_array_set_size(route.providers, 4);
	for (size_t i = 0; i < G_N_ELEMENTS(orders); i++) {
		unsigned out[4];
		unsigned count = route_order(&route, orders[i].plans, out);

		assert_int_equal(count, orders[i].count);
		assert_memory_equal(out, orders[i].order, count * sizeof *out);
	}
	g_ptr_array_unref(route.providers);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_check_all),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
