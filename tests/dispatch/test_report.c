/* SPDX-License-Identifier: MIT */
/* Whose senders may get bounces, as the settings have it. */
#include "report.h"

#include "configured.h"

static const struct setting domain_settings[] = {
	{ "provider", "domain", SETTING_DOMAIN, .help = "Its domain." },
	{ .section = NULL },
};

static const struct translator with_domain = { .settings = domain_settings };
static const struct translator without = { .settings = NULL };

static char shop[] = "shop.example";
static char *shop_domains[] = { shop, NULL };

/* "plain..." knows no domain, "...shop" is for shop.example. */
struct provider *
provider_open(const char *name, struct config *config, GError **error)
{
	struct provider *provider = g_new0(struct provider, 1);

	(void)error;
	provider->name = g_strdup(name);
	provider->section = g_strdup_printf("provider %s", name);
	provider->config = config;
	provider->translator =
	    g_str_has_prefix(name, "plain") ? &without : &with_domain;
	if (g_str_has_suffix(name, "shop"))
		provider->domains = shop_domains;
	return provider;
}

void
provider_unref(struct provider *provider)
{
	g_free(provider->section);
	g_free(provider->name);
	g_free(provider);
}

#define PROVIDER(name, domain) \
	"[provider " name "]\ntype = fake\ndomain = " domain "\n"

static const struct {
	const char *settings, *domains;
} cases[] = {
	{ PROVIDER("a", "mg.example.com"), "mg.example.com example.com" },
	{ PROVIDER("a", "a.b.example.org"),
	    "a.b.example.org b.example.org example.org" },
	{ PROVIDER("a", "mg.example.com") PROVIDER("b", "eu.example.com"),
	    "mg.example.com example.com eu.example.com" },
	{ PROVIDER("a", "Mg.Ex\xc3\xa4mple.com"),
	    "mg.xn--exmple-cua.com xn--exmple-cua.com" },
	{ "[provider plain]\ntype = fake\n", "" },
	{ "[provider plainshop]\ntype = fake\n", "shop.example" },
	{ PROVIDER("shop", "from"), "shop.example" },
	{ PROVIDER("shop", "mg.example.com"),
	    "shop.example mg.example.com example.com" },
	{ "[provider a]\ntype = fake\n", "" },
	{ "[server]\nbounce_domains = Example.NET, ex\xc3\xa4mple.com\n" PROVIDER(
	      "a", "mg.example.com"),
	    "example.net xn--exmple-cua.com" },
	{ "[server]\nbounce_domains = *.example.net, .example.org\n" PROVIDER(
	      "a", "mg.example.com"),
	    ".example.net .example.org" },
};

static void
test_domains(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct config *config =
		    configured_read_with(cases[i].settings, domain_settings);
		struct route_map *map = route_map_open(config, NULL);
		g_auto(GStrv) domains = report_domains(config, map);
		g_autofree char *joined = g_strjoinv(" ", domains);

		assert_string_equal(joined, cases[i].domains);
		route_map_free(map);
		config_unref(config);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_domains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
