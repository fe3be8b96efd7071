/* SPDX-License-Identifier: MIT */
#include "flight.h"

#include "configured.h"
#include "fixture.h"

static const struct carry keeps_raw[] = {
	{ TRAIT_ALL, CARRY_RAW, "kept", "here" },
	{ 0 },
};

static char *shop_domains[] = { "shop.example", NULL };

/* "fields" has a FIELDS form, all others raw alone. */
static const struct options_rules mailgun_rules = {
	.type = "mailgun",
	.takes = OPTIONS_FIT_BIT(TEST) | OPTIONS_FIT_BIT(REQUIRE_TLS) |
		 OPTIONS_FIT_BIT(TEMPLATE) | OPTIONS_FIT_BIT(SEND_AT),
};

static const struct options_rules smtp_rules = { .type = "smtp" };

static const struct translator mailgun = {
	.options = &mailgun_rules,
	.type = "mailgun",
	.limits = { .fields = true, .recipients = 5, .carry = keeps_raw },
};
static const struct translator smtp = {
	.options = &smtp_rules,
	.type = "smtp",
	.limits = { .carry = keeps_raw },
};

/* "shop" carries mail of its domain only, "small" hardly any, "m..." are of the
 * type mailgun. */
struct provider *
provider_open(const char *name, struct config *config, GError **error)
{
	struct provider *provider = g_new0(struct provider, 1);

	(void)config;
	(void)error;
	provider->name = g_strdup(name);
	provider->translator = *name == 'm' ? &mailgun : &smtp;
	provider->size_bytes = strcmp(name, "small") == 0 ? 10 : 1000000;
	if (g_str_has_suffix(name, "shop"))
		provider->domains = shop_domains;
	return provider;
}

void
provider_unref(struct provider *provider)
{
	if (provider == NULL)
		return;
	g_free(provider->name);
	g_free(provider);
}

#define PROVIDER(name) "[provider " name "]\ntype = fake\n"

/* Numbered 0 to 4. */
#define ALL            \
	PROVIDER("m1") \
	PROVIDER("one") PROVIDER("mshop") PROVIDER("small") PROVIDER("m2")
#define ROUTE(name, rest) "[route " name "]\nproviders = " rest "\n"

static struct config *config;
static struct route_map *map;

static void
open_map(const char *routes)
{
	g_autofree char *text = g_strconcat(
	    "[listener in]\n[listener out]\ncontrol_headers = no\n" ALL, routes,
	    NULL);
	GError *error = NULL;

	config = configured_read(text);
	map = route_map_open(config, &error);
	if (map == NULL)
		fail_msg("%s", error->message);
}

static void
close_map(void)
{
	route_map_free(map);
	config_unref(config);
}

/* A mail with these fields on top of an ordinary one. */
static struct flight *
make_flight(const char *fields, const char *const *recipients)
{
	g_autofree char *text = g_strconcat(fields, FIXTURE_TEXT, NULL);
	struct message *message = fixture_message(text, 0);
	struct submission *submission = message->submission;

	submission->listener = "in";
	g_strlcpy(submission->peer, "127.0.0.1", sizeof(submission->peer));
	for (; *recipients != NULL; recipients++)
		envelope_add_recipient(
		    submission->envelope, sample_address(*recipients));
	return flight_new(message, map);
}

static const char *const one[] = { "a@a.example", NULL };

/* "0 1,2: m1 one" for each group: its recipients, and its order. */
static void
describe_group(GString *out, const struct flight *flight, unsigned number)
{
	const struct flight_group *group = &flight->groups[number];
	static const char *const ways[] = { "", " redirected", " dropped" };

	g_string_append_printf(out, "%s%s%s:", number > 0 ? "; " : "",
	    group->route->name, ways[group->way]);
	for (unsigned i = 0; i < flight->ledger->count; i++)
		if (flight->ledger->recipients[i].group == number)
			g_string_append_printf(out, " %u", i);
	g_string_append(out, " by");
	for (unsigned i = 0; i < group->order_count; i++)
		g_string_append_printf(
		    out, " %s", route_map_provider(map, group->order[i])->name);
}

static char *
describe(const struct flight *flight)
{
	GString *out = g_string_new(NULL);

	for (unsigned i = 0; i < flight->group_count; i++)
		describe_group(out, flight, i);
	return g_string_free(out, FALSE);
}

#define STAGING ROUTE("default", "m1, one") "only_to = a.example, x@b.example\n"

static const struct {
	const char *name, *routes, *fields;
	const char *recipients[5];
	const char *groups;
} rows[] = {
	{ "no route at all", "", "", { "a@a.example" },
	    "default: 0 by m1 one m2" },
	{ "one route for all", ROUTE("default", "one, m1"), "",
	    { "a@a.example", "b@b.example" }, "default: 0 1 by one m1" },
	{ "split by recipient",
	    ROUTE("b", "m2") "recipient_domains = b.example\n" ROUTE(
		"default", "one"),
	    "", { "a@a.example", "b@b.example", "c@c.example", "d@b.example" },
	    "default: 0 2 by one; b: 1 3 by m2" },
	{ "too large for one of them", ROUTE("default", "small, one"), "",
	    { "a@a.example" }, "default: 0 by one" },
	{ "not of its domain", ROUTE("default", "mshop, one"), "",
	    { "a@a.example" }, "default: 0 by one" },
	{ "of its domain by rewriting",
	    ROUTE("default", "mshop, one") "from = a@shop.example\n", "",
	    { "a@a.example" }, "default: 0 by mshop one" },
	{ "bound", ROUTE("default", "one, m1, small, m2"),
	    "X-Mailgun-Drop-Message: yes\n", { "a@a.example" },
	    "default: 0 by m1 m2" },
	{ "by name", ROUTE("x", "m2") ROUTE("default", "one"),
	    "X-Postferry-Route: x\n", { "a@a.example", "b@b.example" },
	    "x: 0 1 by m2" },
	{ "dropped", STAGING, "",
	    { "a@a.example", "x@b.example", "y@b.example" },
	    "default: 0 1 by m1 one; default dropped: 2 by" },
	{ "redirected", STAGING "redirect_to = all@a.example\n", "",
	    { "y@b.example", "a@a.example" },
	    "default redirected: 0 by m1 one; default: 1 by m1 one" },
	{ "all redirected",
	    ROUTE("default", "one") "redirect_to = all@a.example\n", "",
	    { "y@b.example", "a@a.example" },
	    "default redirected: 0 1 by one" },
	{ "nobody", ROUTE("default", "one"), "", { NULL }, "default: by one" },
};

static void
test_groups(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		open_map(rows[i].routes);
		struct flight *flight =
		    make_flight(rows[i].fields, rows[i].recipients);
		g_autofree char *groups = describe(flight);

		if (strcmp(groups, rows[i].groups) != 0)
			fail_msg("%s: %s", rows[i].name, groups);
		flight_sift(flight);
		assert_int_equal(
		    ledger_count(flight->ledger, RECIPIENT_REFUSED), 0);
		flight_free(flight);
		close_map();
	}
}

static const struct {
	const char *name, *routes, *fields;
	enum recipient_state state;
	unsigned status;
	bool named; /* a provider is named */
	const char *text;
} sifted[] = {
	{ "dropped", STAGING, "", RECIPIENT_DROPPED, 0, false,
	    "not sent: only_to of [route default] does not name it" },
	{ "too large for all", ROUTE("default", "small"), "", RECIPIENT_REFUSED,
	    552, true, "larger than it takes" },
	{ "of no domain", ROUTE("default", "mshop"), "", RECIPIENT_REFUSED, 554,
	    true, "its domains do not include example.com" },
	{ "two reasons", ROUTE("default", "mshop, small"), "",
	    RECIPIENT_REFUSED, 554, true,
	    "its domains do not include example.com; small: larger than it "
	    "takes" },
	{ "bound to what is not there", ROUTE("default", "one"),
	    "X-Mailgun-Drop-Message: yes\n", RECIPIENT_REFUSED, 554, false,
	    "no provider of [route default] can do what it asks for by "
	    "X-Mailgun-Drop-Message; one: cannot do what "
	    "X-Mailgun-Drop-Message asks for, which is for a provider with "
	    "type = mailgun" },
	{ "bound to two", ROUTE("default", "one, m1"),
	    "X-Mailgun-Require-TLS: yes\nX-MC-Template: a\n", RECIPIENT_REFUSED,
	    554, false,
	    "no provider of [route default] can do what it asks for by "
	    "X-Mailgun-Require-TLS and X-MC-Template; one: cannot do what "
	    "X-Mailgun-Require-TLS asks for, which is for a provider with "
	    "type = mailgun; m1: cannot do what X-MC-Template asks for, which "
	    "is for a provider with type = mandrill" },
	{ "an option that makes no sense", ROUTE("default", "m1"),
	    "X-Mailgun-Deliver-By: soon\n", RECIPIENT_REFUSED, 554, false,
	    "its header field X-Mailgun-Deliver-By is \"soon\"; expected a "
	    "date like Fri, 14 Oct 2026 12:00:00 +0000 or 2026-10-14 "
	    "12:00:00" },
	{ "bound to what cannot", ROUTE("default", "one, mshop"),
	    "X-Mailgun-Drop-Message: yes\n", RECIPIENT_REFUSED, 554, true,
	    "its domains do not include example.com" },
	{ "a route that is not there", ROUTE("default", "one") ROUTE("x", "m1"),
	    "X-Postferry-Route: y\n", RECIPIENT_REFUSED, 554, false,
	    "its header field X-Postferry-Route is \"y\", and there is no such "
	    "route; there are: default, x" },
	{ "a route of others",
	    ROUTE("x", "m1") "user = boss\n" ROUTE("default", "one"),
	    "X-Postferry-Route: x\n", RECIPIENT_REFUSED, 554, false,
	    "its header field X-Postferry-Route is \"x\", and that route is of "
	    "other users or listeners (its `user` and `listeners`)" },
	{ "a doubt that is none", ROUTE("default", "one"),
	    "X-Postferry-Doubt: maybe\n", RECIPIENT_REFUSED, 554, false,
	    "its header field X-Postferry-Doubt is \"maybe\"; expected "
	    "prefer_delivery, prefer_once or never_twice" },
};

static void
test_sift(void **state)
{
	static const char *const recipients[] = { "y@b.example", NULL };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(sifted); i++) {
		open_map(sifted[i].routes);
		struct flight *flight =
		    make_flight(sifted[i].fields, recipients);
		const struct ledger_recipient *r =
		    &flight->ledger->recipients[0];

		assert_int_equal(r->state, RECIPIENT_WAITING);
		assert_int_equal(ledger_takers(flight->ledger, 0), 0);
		flight_sift(flight);
		if (r->state != sifted[i].state ||
		    r->status != sifted[i].status ||
		    (r->provider != LEDGER_NOBODY) != sifted[i].named ||
		    strcmp(r->text, sifted[i].text) != 0)
			fail_msg("%s: %d, %u, %u, %s", sifted[i].name, r->state,
			    r->status, r->provider, r->text);
		flight_free(flight);
		close_map();
	}
}

/* Who is not in `allow` names no route, and does not hear which there are. */
static void
test_stranger(void **state)
{
	struct message *message;

	(void)state;
	open_map(ROUTE("x", "one") ROUTE("default", "one"));
	message = fixture_message("X-Postferry-Route: y\n" FIXTURE_TEXT, 1);
	message->submission->listener = "in";
	struct flight *flight = flight_new(message, map);
	flight_sift(flight);
	assert_int_equal(
	    flight->ledger->recipients[0].state, RECIPIENT_REFUSED);
	assert_string_equal(flight->ledger->recipients[0].text,
	    "its header field X-Postferry-Route is \"y\", and whoever is not "
	    "in `allow` of [listener in] may name no route; leave the field "
	    "out, or set control_headers = yes there");
	flight_free(flight);
	close_map();
}

/* Whoever is final, or may have the mail, stays so. */
static void
test_sift_the_waiting_only(void **state)
{
	static const char *const recipients[] = { "y@b.example", "z@b.example",
		NULL };
	(void)state;
	open_map(STAGING);
	struct flight *flight = make_flight("", recipients);
	struct ledger *ledger = flight->ledger;

	ledger->recipients[0].state = RECIPIENT_ACCEPTED;
	ledger->recipients[1].state = RECIPIENT_DOUBT;
	flight_sift(flight);
	assert_int_equal(ledger->recipients[0].state, RECIPIENT_ACCEPTED);
	assert_int_equal(ledger->recipients[1].state, RECIPIENT_DOUBT);
	flight_free(flight);
	close_map();
}

static const struct {
	const char *name, *fields, *listener;
	bool report;
	const char *groups;
	enum doubt_policy doubt;
} obeyed[] = {
	{ "obeyed", "X-Postferry-Route: x\nX-Postferry-Doubt: never_twice\n",
	    "in", false, "x: 0 by one", DOUBT_NEVER_TWICE },
	{ "not by this listener",
	    "X-Postferry-Route: x\nX-Postferry-Doubt: never_twice\n", "out",
	    false, "default: 0 by m1 one", DOUBT_PREFER_ONCE },
	{ "not in a report", "X-Postferry-Route: x\n", "in", true,
	    "default: 0 by m1 one", DOUBT_PREFER_ONCE },
	{ "not bound by this listener", "X-Mailgun-Drop-Message: yes\n", "out",
	    false, "default: 0 by m1 one", DOUBT_PREFER_ONCE },
	{ "nor refused", "X-Postferry-Doubt: x\n", "out", false,
	    "default: 0 by m1 one", DOUBT_PREFER_ONCE },
};

static void
test_obeyed(void **state)
{
	(void)state;
	open_map(ROUTE("default", "m1, one") "doubt = prefer_once\n" ROUTE(
	    "x", "one"));
	for (size_t i = 0; i < G_N_ELEMENTS(obeyed); i++) {
		g_autofree char *text =
		    g_strconcat(obeyed[i].fields, FIXTURE_TEXT, NULL);
		struct message *message = fixture_message(text, 1);

		message->submission->listener = obeyed[i].listener;
		g_strlcpy(message->submission->peer, "127.0.0.1",
		    sizeof(message->submission->peer));
		message->submission->report = obeyed[i].report;
		struct flight *flight = flight_new(message, map);
		g_autofree char *groups = describe(flight);
		assert_int_equal(flight->hints.has_doubt, i == 0);
		if (strcmp(groups, obeyed[i].groups) != 0 ||
		    flight->groups[0].doubt != obeyed[i].doubt)
			fail_msg("%s: %s", obeyed[i].name, groups);
		flight_free(flight);
	}
	close_map();
}

#define DRESSED                        \
	ROUTE("default", "mshop, one") \
	"from = S <s@shop.example>\n"  \
	"redirect_to = all@a.example\nformat = fields\n"

static const struct {
	const char *fields;
	unsigned provider;
	const char *from; /* NULL: its own */
	enum format format;
} dressed[] = {
	{ "", 2, "s@shop.example", FORMAT_FIELDS },
	{ "", 1, NULL, FORMAT_FIELDS },
	{ "X-Mailgun-Require-TLS: yes\n", 2, "s@shop.example", FORMAT_FIELDS },
	{ "X-Mailgun-Template-Name: a\n", 2, "s@shop.example", FORMAT_RAW },
};

static void
test_dress(void **state)
{
	static const unsigned first[] = { 0 };

	(void)state;
	open_map(DRESSED);
	for (size_t i = 0; i < G_N_ELEMENTS(dressed); i++) {
		struct flight *flight = make_flight(dressed[i].fields, one);
		const struct provider *provider =
		    route_map_provider(map, dressed[i].provider);
		const char *from = dressed[i].from;

		flight->delivery = delivery_new(flight->message, first, 1);
		flight_dress(flight, provider);
		assert_ptr_equal(flight->delivery->options,
		    flight->groups[flight->group].options);
		const struct delivery *delivery = flight->delivery;
		assert_int_equal(delivery->format, dressed[i].format);
		assert_string_equal(
		    delivery_recipient(delivery, 0)->text, "all@a.example");
		assert_int_equal(delivery->guise.from != NULL, from != NULL);
		if (from != NULL)
			assert_string_equal(delivery->guise.from->spec, from);
		assert_string_equal(flight_domain(flight, 0, provider),
		    from != NULL ? "shop.example" : "example.com");
		flight_free(flight);
	}
	close_map();
}

/* A retry keeps what the lot said. */
static void
test_same_lot(void **state)
{
	unsigned first = 0;

	(void)state;
	open_map(ROUTE("default", "m1, one") "order = weighted\n");
	for (unsigned i = 0; i < 100; i++) {
		struct flight *a = make_flight("", one);
		struct message *message = fixture_message(FIXTURE_TEXT, 1);

		g_strlcpy(message->submission->id, a->message->submission->id,
		    sizeof message->submission->id);
		struct flight *b = flight_new(message, map);
		assert_int_equal(a->groups[0].order_count, 2);
		assert_memory_equal(a->groups[0].order, b->groups[0].order,
		    2 * sizeof(unsigned));
		first += a->groups[0].order[0] == 0;
		flight_free(a);
		flight_free(b);
	}
	assert_in_range(first, 20, 80);
	close_map();
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
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_sift),
		cmocka_unit_test(test_stranger),
		cmocka_unit_test(test_sift_the_waiting_only),
		cmocka_unit_test(test_obeyed),
		cmocka_unit_test(test_dress),
		cmocka_unit_test(test_same_lot),
	};

	return cmocka_run_group_tests(tests, start_parser, NULL);
}
