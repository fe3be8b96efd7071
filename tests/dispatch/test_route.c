/* SPDX-License-Identifier: MIT */
#include "route.h"

#include "configured.h"
#include "fixture.h"
#include <string.h>

static int opened;

static char *shop_domains[] = { "shop.example", NULL };

/* "broken..." cannot be opened, "shop" has domains, "large" takes more. */
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
	if (strcmp(name, "shop") == 0)
		provider->domains = shop_domains;
	provider->size_bytes = strcmp(name, "large") == 0 ? 2000 : 1000;
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
	{ "a condition is reach enough",
	    THREE ROUTE "one\n[route x]\nproviders = two\nheader = X-A\n",
	    "one, one", { NULL } },
	{ "a condition that only mail handed in by HTTP fits",
	    "[listener a]\n" THREE ROUTE
	    "one\n[route x]\nproviders = two\nlisteners = http\n",
	    "one, one", { NULL } },
	{ "a listener that is not there",
	    "[listener a]\n" THREE ROUTE
	    "one\n[route x]\nproviders = two\nlisteners = b\n",
	    NULL, { "listeners names \"b\"", "there are: a" } },
	{ "a name is reach enough, where orders are read",
	    "[listener a]\n" THREE ROUTE "one\n[route x]\nproviders = two\n",
	    "one, one", { NULL } },
	{ "and is not, where they are not",
	    "[listener a]\ncontrol_headers = no\n" THREE ROUTE
	    "one\n[route x]\nproviders = two\n",
	    NULL, { "nothing goes by it", "control_headers", ":12" } },
	{ "conditions of the default",
	    THREE ROUTE "one\nlisteners = a\n[listener a]\n", NULL,
	    { "[route default] has conditions", "another name" } },
	{ "weights", THREE ROUTE "one, two\norder = weighted\nweights = 3, 0\n",
	    "one two, one two", { NULL } },
	{ "weights without order", THREE ROUTE "one, two\nweights = 3, 1\n",
	    NULL,
	    { ":9", "[route default] weights = 3, 1", "order = weighted" } },
	{ "too few weights",
	    THREE ROUTE "one, two\norder = weighted\nweights = 3\n", NULL,
	    { ":10", "weights = 3;", "from 0 to 1000", "(one, two)" } },
	{ "a weight too large",
	    THREE ROUTE "one, two\norder = weighted\nweights = 1, 1001\n", NULL,
	    { "weights = 1, 1001", "from 0 to 1000" } },
	{ "a weight that is no number",
	    THREE ROUTE "one\norder = weighted\nweights = -1\n", NULL,
	    { "weights = -1" } },
	{ "no weight at all",
	    THREE ROUTE "one, two\norder = weighted\nweights = 0, 0\n", NULL,
	    { "weights = 0, 0", "one of them over 0" } },
	{ "from",
	    THREE ROUTE "one\nfrom = Shop <shop@shop.example>\n"
			"rewrite_from = always\n",
	    "one, one", { NULL } },
	{ "from that is no address", THREE ROUTE "one\nfrom = Shop <shop>\n",
	    NULL, { ":9", "from = Shop <shop>", "Shop <shop@example.com>" } },
	{ "from that is not closed",
	    THREE ROUTE "one\nfrom = Shop <shop@a.example\n", NULL,
	    { "from = Shop <shop@a.example;" } },
	{ "from that would never be used",
	    THREE ROUTE "one\nfrom = shop@shop.example\n", NULL,
	    { "never used", "rewrite_from = always" } },
	{ "rewriting by nothing", THREE ROUTE "one\nrewrite_from = always\n",
	    NULL, { "rewrite_from = always needs `from`" } },
	{ "no rewriting by nothing", THREE ROUTE "one\nrewrite_from = never\n",
	    "one, one", { NULL } },
	{ "redirect_to that is no address",
	    THREE ROUTE "one\nredirect_to = staging\n", NULL,
	    { ":9", "redirect_to = staging", "staging@example.com" } },
	{ "only_to that is nobody",
	    THREE ROUTE "one\nonly_to = a@b.example, b..example\n", NULL,
	    { ":9", "only_to names \"b..example\"", ".example.com" } },
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
	add_names(names, map, map->report ? map->report : map->usual);
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

/* The route of the first recipient; NULL: the mail asks for none there is. */
static const struct route *
choose(const struct route_map *map, struct message *message, const char *wanted)
{
	struct route_choice choice;

	if (route_map_look(map, message, wanted, &choice) != ROUTE_FOUND)
		return NULL;
	return route_map_choose(
	    map, &choice, envelope_recipient(message->submission->envelope, 0));
}

/* A route's own time, or the server's; and who goes by which. */
static void
test_give_up(void **state)
{
	struct message *message = fixture_message(FIXTURE_TEXT, 1);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(give_ups); i++) {
		struct config *config = configured_read(give_ups[i].text);
		struct route_map *map = route_map_open(config, NULL);

		assert_non_null(map);
		message->submission->report = false;
		assert_int_equal(choose(map, message, NULL)->give_up_ms,
		    give_ups[i].usual_ms);
		message->submission->report = true;
		assert_int_equal(choose(map, message, NULL)->give_up_ms,
		    give_ups[i].reports_ms);
		route_map_free(map);
		config_unref(config);
	}
	message_unref(message);
}

#define RULES                                                                \
	"[listener in]\n[listener out]\ncontrol_headers = no\n"              \
	"[server]\nbounce_route = reports\n" THREE                           \
	"[route reports]\nproviders = three\n"                               \
	"[route otp]\nproviders = two\nheader = X-Class: otp\n"              \
	"[route both]\nproviders = two\nsender_domains = example.com\n"      \
	"listeners = in\n"                                                   \
	"[route gmail]\nproviders = one\nrecipient_domains = .example.org\n" \
	"[route name]\nproviders = one\n" ROUTE "one, two\n"

#define OTP "X-Class: OTP\n" FIXTURE_TEXT

/* From rcpt0@example.org to `to`. */
static const struct {
	const char *name, *text, *listener, *to, *wanted;
	bool report;
	const char *route; /* NULL: there is none */
} choices[] = {
	{ "nothing holds", FIXTURE_TEXT, "out", "a@example.org", NULL, false,
	    "default" },
	{ "a header", OTP, "out", "a@example.org", NULL, false, "otp" },
	{ "the first of two", OTP, "in", "a@example.org", NULL, false, "otp" },
	{ "two conditions hold", FIXTURE_TEXT, "in", "a@example.org", NULL,
	    false, "both" },
	{ "the recipient", FIXTURE_TEXT, "out", "a@b.example.org", NULL, false,
	    "gmail" },
	{ "by name, in spite of all", OTP, "in", "a@example.org", "name", false,
	    "name" },
	{ "by name, without its conditions", FIXTURE_TEXT, "out",
	    "a@example.org", "gmail", false, "gmail" },
	{ "by a name that is none", OTP, "in", "a@example.org", "nmae", false,
	    NULL },
	{ "a report", OTP, "in", "a@example.org", "name", true, "reports" },
};

static void
test_choose(void **state)
{
	struct config *config = configured_read(RULES);
	struct route_map *map = route_map_open(config, NULL);

	(void)state;
	assert_non_null(map);
	for (size_t i = 0; i < G_N_ELEMENTS(choices); i++) {
		struct message *message = fixture_message(choices[i].text, 0);
		struct submission *submission = message->submission;

		submission->listener = choices[i].listener;
		g_strlcpy(
		    submission->peer, "127.0.0.1", sizeof(submission->peer));
		submission->report = choices[i].report;
		envelope_add_recipient(
		    submission->envelope, sample_address(choices[i].to));
		const struct route *route =
		    choose(map, message, choices[i].wanted);
		if (g_strcmp0(route ? route->name : NULL, choices[i].route))
			fail_msg("%s: %s", choices[i].name,
			    route ? route->name : "none");
		message_unref(message);
	}
	route_map_free(map);
	config_unref(config);
}

#define OWNED                                                          \
	"[listener in]\n[listener out]\ncontrol_headers = yes\n" THREE \
	"[route boss]\nproviders = two\nuser = boss\n"                 \
	"[route in]\nproviders = two\nlisteners = in\n"                \
	"[route both]\nproviders = two\nlisteners = in\n"              \
	"user = boss, kim\nheader = X-Class: otp\n"                    \
	"[route free]\nproviders = one\n"                              \
	"sender_domains = other.example\n" ROUTE "one, two\n"

/* Whoever may name a route has only those that are not of others. */
static const struct {
	const char *wanted, *listener, *peer, *user;
	enum route_look look;
} names[] = {
	{ "boss", "in", "127.0.0.1", "boss", ROUTE_FOUND },
	{ "boss", "in", "127.0.0.1", "shop", ROUTE_OF_OTHERS },
	{ "boss", "in", "127.0.0.1", NULL, ROUTE_OF_OTHERS },
	{ "boss", "out", "192.0.2.1", "boss", ROUTE_FOUND },
	{ "boss", "out", "192.0.2.1", "shop", ROUTE_OF_OTHERS },
	{ "boss", "in", "192.0.2.1", "boss", ROUTE_STRANGER },
	{ "in", "in", "127.0.0.1", NULL, ROUTE_FOUND },
	{ "in", "out", "127.0.0.1", NULL, ROUTE_OF_OTHERS },
	{ "both", "in", "::1", "kim", ROUTE_FOUND },
	{ "both", "in", "::1", "shop", ROUTE_OF_OTHERS },
	{ "both", "out", "::1", "kim", ROUTE_OF_OTHERS },
	{ "free", "in", "127.0.0.1", NULL, ROUTE_FOUND },
	{ "free", "in", "192.0.2.1", "shop", ROUTE_STRANGER },
	{ "free", "out", "192.0.2.1", "shop", ROUTE_FOUND },
	{ "none", "in", "127.0.0.1", NULL, ROUTE_UNKNOWN },
	/* nobody is told which there are */
	{ "none", "in", "192.0.2.1", NULL, ROUTE_STRANGER },
	{ NULL, "in", "192.0.2.1", "shop", ROUTE_FOUND },
};

static void
test_names(void **state)
{
	struct config *config = configured_read(OWNED);
	struct route_map *map = route_map_open(config, NULL);
	struct message *message = fixture_message(FIXTURE_TEXT, 1);
	struct submission *submission = message->submission;

	(void)state;
	assert_non_null(map);
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		struct route_choice choice;

		submission->listener = names[i].listener;
		g_strlcpy(
		    submission->peer, names[i].peer, sizeof(submission->peer));
		g_free(submission->user);
		submission->user = g_strdup(names[i].user);
		if (route_map_look(map, message, names[i].wanted, &choice) !=
			names[i].look ||
		    (choice.only != NULL) != (names[i].wanted != NULL &&
						 names[i].look == ROUTE_FOUND))
			fail_msg("row %zu", i);
	}
	message_unref(message);
	route_map_free(map);
	config_unref(config);
}

static void
test_size_most(void **state)
{
	struct config *config = configured_read(
	    "[listener in]\n[listener out]\n[server]\nbounce_route = reports\n" PROVIDER(
		"one") PROVIDER("large") ROUTE
	    "one\n"
	    "[route big]\nproviders = one, large\nlisteners = in\n"
	    "[route reports]\nproviders = large\n");
	struct route_map *map = route_map_open(config, NULL);

	(void)state;
	assert_int_equal(route_map_size_most(map, NULL), 2000);
	assert_int_equal(route_map_size_most(map, "in"), 2000);
	assert_int_equal(route_map_size_most(map, "out"), 1000);
	route_map_free(map);
	config_unref(config);
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
	/* less lost goes before more, and nobody before who loses another */
	{ { POSSIBLE(3), POSSIBLE(1), POSSIBLE(7), POSSIBLE(2) }, 4,
	    { 1, 3, 0, 2 } },
	{ { POSSIBLE(2), POSSIBLE(1), POSSIBLE(1), POSSIBLE(6) }, 4,
	    { 0, 1, 2, 3 } },
	/* a Date is no reason */
	{ { POSSIBLE(TRAIT_DATE), POSSIBLE(0), POSSIBLE(TRAIT_DATE | 1),
	      POSSIBLE(0) },
	    4, { 0, 1, 3, 2 } },
	{ { TOO_LARGE, TOO_LARGE, TOO_LARGE, TOO_LARGE }, 0, { 0 } },
};

static void
test_order(void **state)
{
	const struct route route = { .numbers = { 0, 1, 2, 3 }, .count = 4 };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(orders); i++) {
		unsigned out[4];
		unsigned count = route_order(&route, orders[i].plans, i, out);

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
	assert_int_equal(route_order(&route, plans, 7, out), 3);
	assert_memory_equal(out, wanted, sizeof wanted);
}

static const struct {
	const char *name;
	unsigned weights[3];
	uint64_t losses[3];
	unsigned first[3]; /* of a hundred lots, how many each has */
} draws[] = {
	{ "as the weights", { 3, 1, 0 }, { 0 }, { 75, 25, 0 } },
	{ "evenly", { 1, 1, 2 }, { 0 }, { 25, 25, 50 } },
	{ "among those that lose nothing", { 3, 1, 1 }, { 1, 0, 0 },
	    { 0, 50, 50 } },
	{ "all lose something", { 3, 1, 0 }, { 1, 1, 1 }, { 75, 25, 0 } },
	{ "among those that lose least", { 1, 2, 1 }, { 1, 3, 2 },
	    { 50, 0, 50 } },
	{ "none of the best has a weight", { 3, 0, 0 }, { 1, 0, 0 },
	    { 0, 100, 0 } },
};

static void
test_weighted(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(draws); i++) {
		struct route route = {
			.numbers = { 0, 1, 2 }, .count = 3, .weighted = true
		};
		struct plan plans[3] = { 0 };
		unsigned first[3] = { 0 };

		memcpy(route.weights, draws[i].weights, sizeof first);
		for (unsigned k = 0; k < 3; k++)
			plans[k].losses = draws[i].losses[k];
		for (uint64_t lot = 0; lot < 100; lot++) {
			unsigned out[3];
			assert_int_equal(
			    route_order(&route, plans, lot, out), 3);
			first[out[0]]++;
			assert_int_equal(out[0] + out[1] + out[2], 3);
			assert_true(out[0] != out[1] && out[1] != out[2]);
		}
		for (unsigned k = 0; k < 3; k++)
			if (first[k] != draws[i].first[k])
				fail_msg("%s: %u goes first %u times",
				    draws[i].name, k, first[k]);
	}
}

/* The rest follows as in the route. */
static void
test_behind_the_drawn(void **state)
{
	const struct route route = { .numbers = { 4, 2, 7 },
		.count = 3,
		.weights = { 0, 0, 5 },
		.weighted = true };
	static const struct plan plans[8] = { 0 };
	static const unsigned wanted[] = { 7, 4, 2 };
	unsigned out[3];

	(void)state;
	assert_int_equal(route_order(&route, plans, 3, out), 3);
	assert_memory_equal(out, wanted, sizeof wanted);
}

/* Ids that follow each other are spread evenly; the same id stays. */
static void
test_lots(void **state)
{
	unsigned odd[4] = { 0 };

	(void)state;
	for (unsigned i = 0; i < 4000; i++) {
		g_autofree char *id =
		    g_strdup_printf("01JQZX3V5K8M2N4P6R7S9T%04u", i);
		odd[route_order_lot(id) % 4]++;
		assert_true(route_order_lot(id) == route_order_lot(id));
	}
	for (unsigned i = 0; i < 4; i++)
		assert_in_range(odd[i], 900, 1100);
}

#define GUISE                                                               \
	PROVIDER("one")                                                     \
	PROVIDER("shop")                                                    \
	ROUTE "one, shop\n"                                                 \
	      "from = \"The Shop\" <shop@shop.example>\n"                   \
	      "[listener in]\n[route always]\nproviders = one\n"            \
	      "from = shop@shop.example\nrewrite_from = always\n"           \
	      "redirect_to = all@staging.example\n"                         \
	      "[route never]\nproviders = shop\nfrom = shop@shop.example\n" \
	      "rewrite_from = never\nonly_to = ann@a.example, .b.example\n" \
	      "[route some]\nproviders = one\nonly_to = a.example\n"        \
	      "redirect_to = all@staging.example\n"                         \
	      "doubt = never_twice\nformat = raw\n"

static const struct {
	const char *route, *domain;
	bool one, shop; /* rewrites at this provider */
} rewrites[] = {
	{ "default", "shop.example", false, false },
	{ "default", "mail.shop.example", false, false },
	{ "default", "app.example", false, true },
	{ "default", "", false, true },
	{ "always", "shop.example", true, true },
	{ "never", "app.example", false, false },
};

static const struct {
	const char *route, *to;
	bool redirects, drops;
} ways[] = {
	{ "default", "ann@a.example", false, false },
	{ "always", "ann@a.example", true, false },
	{ "never", "Ann@A.example", false, false },
	{ "never", "bob@a.example", false, true },
	{ "never", "bob@b.example", false, true },
	{ "never", "bob@x.b.example", false, false },
	{ "some", "bob@a.example", false, false },
	{ "some", "bob@x.a.example", true, false },
};

static const struct route *
find(const struct route_map *map, const char *name)
{
	for (unsigned i = 0; i < map->routes->len; i++) {
		const struct route *route = map->routes->pdata[i];
		if (strcmp(route->name, name) == 0)
			return route;
	}
	fail_msg("no route %s", name);
	return NULL;
}

static void
test_guise(void **state)
{
	struct config *config = configured_read(GUISE);
	struct route_map *map = route_map_open(config, NULL);

	(void)state;
	assert_non_null(map);
	for (size_t i = 0; i < G_N_ELEMENTS(rewrites); i++) {
		const struct route *route = find(map, rewrites[i].route);

		assert_int_equal(
		    route_rewrites(
			route, route_map_provider(map, 0), rewrites[i].domain),
		    rewrites[i].one);
		assert_int_equal(
		    route_rewrites(
			route, route_map_provider(map, 1), rewrites[i].domain),
		    rewrites[i].shop);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
		const struct route *route = find(map, ways[i].route);
		struct address *to = sample_address(ways[i].to);

		if (route_redirects(route, to) != ways[i].redirects ||
		    route_drops(route, to) != ways[i].drops)
			fail_msg("%s by %s", ways[i].to, ways[i].route);
		address_free(to);
	}
	assert_string_equal(map->usual->guise.from->name, "The Shop");
	assert_string_equal(map->usual->guise.from->spec, "shop@shop.example");
	assert_null(find(map, "always")->guise.from->name);
	assert_int_equal(map->usual->doubt, DOUBT_PREFER_DELIVERY);
	assert_int_equal(find(map, "some")->doubt, DOUBT_NEVER_TWICE);
	assert_int_equal(find(map, "some")->format, FORMAT_RAW);
	route_map_free(map);
	config_unref(config);
}

/* A mail is split into 32 groups at most. */
static void
test_too_many_routes(void **state)
{
	(void)state;
	for (unsigned count = 15; count <= 16; count++) {
		g_autoptr(GString) text =
		    g_string_new(PROVIDER("one") ROUTE "one\nonly_to = a\n");
		g_autoptr(GError) error = NULL;

		for (unsigned i = 0; i < count; i++)
			g_string_append_printf(text,
			    "[route r%u]\nproviders = one\nheader = X-A\n"
			    "only_to = a.example\n",
			    i);
		struct config *config = configured_read(text->str);
		struct route_map *map = route_map_open(config, &error);
		assert_int_equal(map != NULL, count == 15);
		if (map == NULL)
			assert_non_null(
			    strstr(error->message, "32 routes at most"));
		route_map_free(map);
		config_unref(config);
	}
}

static int
start_parser(void **state)
{
	(void)state;
	parse_start();
	return 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_give_up),
		cmocka_unit_test(test_choose),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_size_most),
		cmocka_unit_test(test_check_all),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_too_many_routes),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_order_of_some),
		cmocka_unit_test(test_weighted),
		cmocka_unit_test(test_behind_the_drawn),
		cmocka_unit_test(test_lots),
		cmocka_unit_test(test_guise),
	};

	return cmocka_run_group_tests(tests, start_parser, NULL);
}
