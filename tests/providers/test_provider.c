/* SPDX-License-Identifier: MIT */
#include "providers/sample.h"

struct row {
	const char *type;
	const char *settings; /* "key=value key=value" */
	const char *error;    /* found in the error; NULL: it opens */
};

#define LONG64 \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define LONG256 LONG64 LONG64 LONG64 LONG64

static const struct row rows[] = {
	{ "mailgun", "", NULL },
	{ "mailgun", "region=eu format=raw", NULL },
	{ "mailgun", "domain=m\xc3\xbcnchen.example", NULL },
	{ "mandrill", "", NULL },
	{ "mandrill", "base_url=http://127.0.0.1:8080", NULL },
	{ "mandrill", "proxy=http://127.0.0.1:3128", NULL },
	{ "mandrill", "proxy=https://user:p%40ss@proxy.example:3129", NULL },
	{ "mailgun", "proxy=socks5://[::1]:1080", NULL },
	{ "mailgun", "proxy=socks5h://proxy.example", NULL },
	{ "mailgun", "proxy=ftp://127.0.0.1", "[provider t] proxy: it is not" },
	{ "mandrill", "proxy=socks4://127.0.0.1", "socks5:// or socks5h://" },
	{ "mandrill", "proxy=127.0.0.1:3128", "a host is expected" },
	{ "mandrill", "proxy=http://", "a host is expected" },
	{ "mandrill", "proxy=http:proxy", "a host is expected" },
	{ "smtp", "", NULL },
	{ "smtp", "format=raw port=25 tls=off", NULL },
	{ "smtp", "format=auto username=u password=p", NULL },
	{ "smtp", "host=127.0.0.1 tls=off username=u password=p", NULL },
	{ "smtp", "host=localhost tls=off username=u password=p", NULL },
	{ "smtp", "format=fields", "[provider t] format = fields: " },
	{ "smtp", "port=465", "[provider t] port = 465: " },
	{ "smtp", "username=u", "[provider t] username: it needs a password" },
	{ "smtp", "password=p", "[provider t] password: it needs a username" },
	{ "smtp", "username=" LONG256 " password=p", "at most 255 bytes" },
	{ "smtp", "username=u password=" LONG256, "at most 255 bytes" },
	{ "smtp", "tls=off username=u password=p", "the password in clear" },
	{ "smtp", "base_url=https://smtp.example.net", "use host and port" },
	{ "smtp", "proxy=http://127.0.0.1:3128", "[provider t] proxy: " },
	{ "mandrill", "rate=10 burst=20 quota_hour=100 quota_day=1000", NULL },
	{ "smtp", "rate=0.5 overflow=no respect_suppression=no", NULL },
	{ "mandrill", "rate=0", "[provider t] rate: 0 is no rate; mails a" },
	{ "mandrill", "rate=-1", "-1 is no rate" },
	{ "mandrill", "rate=1e3", "1e3 is no rate" },
	{ "mandrill", "rate=1.2.3", "1.2.3 is no rate" },
	{ "mandrill", "rate=.", ". is no rate" },
	{ "mandrill", "rate=inf", "inf is no rate" },
	{ "mandrill", "rate=100001", "from 0.001 to 100000" },
	{ "mandrill", "burst=5", "[provider t] burst: it has no meaning" },
	{ "mandrill", "quota_hour=11 quota_day=10", "quota_hour: it is more" },
	{ "mandrill", "domains=example.com,example.org", NULL },
	{ "mandrill", "domains=localhost", "localhost is no domain" },
	{ "mandrill", "domains=example.com,a..b", "a..b is no domain" },
	{ "mailgun", "domain=from domains=example.com", NULL },
	{ "mailgun", "domain=from", "domain = from: `domains` is missing" },
	{ "mailgun", "lookup=logs lookup_key=k region_url=http://127.0.0.1:1",
	    NULL },
	{ "mandrill", "lookup=off", NULL },
};

static GHashTable *
read_settings(const char *text)
{
	GHashTable *settings = sample_settings_new();
	g_auto(GStrv) words = g_strsplit(text, " ", 0);

	for (unsigned i = 0; words[i] != NULL && *words[i] != '\0'; i++) {
		g_auto(GStrv) pair = g_strsplit(words[i], "=", 2);

		g_hash_table_insert(
		    settings, g_strdup(pair[0]), g_strdup(pair[1]));
	}
	return settings;
}

static struct provider *
open_provider(const char *type, const char *text, GError **error)
{
	GHashTable *settings = read_settings(text);
	struct provider *provider = sample_provider(type, settings, error);

	g_hash_table_unref(settings);
	return provider;
}

static void
test_open(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		struct provider *provider =
		    open_provider(rows[i].type, rows[i].settings, &error);

		if ((provider == NULL) != (rows[i].error != NULL))
			fail_msg("%s: %s", rows[i].settings,
			    error != NULL ? error->message : "it opens");
		if (provider == NULL &&
		    strstr(error->message, rows[i].error) == NULL)
			fail_msg("%s: %s", rows[i].settings, error->message);
		provider_unref(provider);
	}
}

static void
test_mailgun(void **state)
{
	struct provider *provider = open_provider("mailgun", "region=eu", NULL);

	(void)state;
	assert_string_equal(provider->name, "t");
	assert_string_equal(provider->section, "provider t");
	assert_int_equal(provider->format, FORMAT_AUTO);
	assert_int_equal(provider->size_bytes, 25000000);
	assert_string_equal(
	    provider->endpoint.base_url, "https://api.eu.mailgun.net");
	assert_string_equal(provider->endpoint.username, "api");
	assert_string_equal(provider->endpoint.password, "key-of-mailgun");
	assert_int_equal(provider->endpoint.resolve_ms, 8000);
	assert_int_equal(provider->endpoint.connect_ms, 5000);
	assert_int_equal(provider->endpoint.answer_ms, 60000);
	assert_int_equal(provider->endpoint.upload_rate, 8192);
	assert_int_equal(provider->endpoint.upload_window_ms, 20000);
	assert_int_equal(provider->endpoint.idle_ms, 10000);
	assert_int_equal(provider->endpoint.connections, 32);
	assert_ptr_equal(provider_ref(provider), provider);
	provider_unref(provider);
	provider_unref(provider);
}

static void
test_smtp(void **state)
{
	struct provider *provider = open_provider("smtp",
	    "max_size=1m connections=3 answer_timeout=600ms username=u "
	    "password=p",
	    NULL);

	(void)state;
	assert_string_equal(provider->endpoint.host, "smtp.example.net");
	assert_string_equal(provider->endpoint.hostname, "mail.example.com");
	assert_int_equal(provider->endpoint.port, 587);
	assert_int_equal(provider->endpoint.tls, ENDPOINT_TLS_STARTTLS);
	assert_string_equal(provider->endpoint.username, "u");
	assert_string_equal(provider->endpoint.password, "p");
	assert_int_equal(provider->endpoint.connections, 3);
	assert_int_equal(provider->endpoint.answer_ms, 600);
	assert_int_equal(provider->size_bytes, 1024 * 1024);
	assert_null(provider->endpoint.base_url);
	provider_unref(provider);
}

static void
test_pace(void **state)
{
	static const struct {
		const char *settings;
		struct provider_pace pace;
		bool respects;
	} cases[] = {
		{ "", { .burst = 1, .overflow = true }, true },
		{ "rate=0.5", { 0.5, 1, 0, 0, true }, true },
		{ "rate=10.9", { 10.9, 10, 0, 0, true }, true },
		{ "rate=10 burst=3 quota_hour=7 quota_day=7 overflow=no "
		  "respect_suppression=no",
		    { 10, 3, 7, 7, false }, false },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct provider *provider =
		    open_provider("smtp", cases[i].settings, NULL);
		const struct provider_pace *want = &cases[i].pace;

		assert_true(provider->pace.rate == want->rate);
		assert_int_equal(provider->pace.burst, want->burst);
		assert_int_equal(provider->pace.hour_max, want->hour_max);
		assert_int_equal(provider->pace.day_max, want->day_max);
		assert_int_equal(provider->pace.overflow, want->overflow);
		assert_int_equal(
		    provider->respects_suppression, cases[i].respects);
		provider_unref(provider);
	}
}

static void
test_domain(void **state)
{
	static const struct {
		const char *domains, *from, *by;
	} cases[] = {
		{ NULL, "example.com", "example.com" },
		{ NULL, "", "" },
		{ "example.com", "example.com", "example.com" },
		{ "EXAMPLE.com", "example.com", "example.com" },
		{ "example.com", "a.b.example.com", "example.com" },
		{ "example.com", "badexample.com", NULL },
		{ "example.com", "com", NULL },
		{ "example.com", "", NULL },
		/* the same, before one above, before one below */
		{ "example.com,b.example.com", "a.b.example.com",
		    "b.example.com" },
		{ "a.example.com,example.com", "example.com", "example.com" },
		{ "x.b.example.com,example.com", "b.example.com",
		    "example.com" },
		{ "example.org,mg.example.com,m2.example.com", "example.com",
		    "mg.example.com" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *settings =
		    g_strdup_printf("%s%s", cases[i].domains ? "domains=" : "",
			cases[i].domains ? cases[i].domains : "");
		struct provider *provider =
		    open_provider("mandrill", settings, NULL);
		const char *by = provider_domain(provider, cases[i].from);

		if (g_strcmp0(by, cases[i].by) != 0)
			fail_msg("%s by %s: %s", cases[i].from,
			    cases[i].domains, by);
		provider_unref(provider);
	}
}

/* max_size lowers what a provider takes and never raises it. */
static void
test_max_size(void **state)
{
	struct provider *provider =
	    open_provider("mandrill", "max_size=100m", NULL);

	(void)state;
	assert_int_equal(provider->size_bytes, 25000000);
	provider_unref(provider);
}

static void
check_rows(const struct setting *settings, const char *type)
{
	for (; settings->section != NULL; settings++) {
		assert_string_equal(settings->section, "provider");
		assert_non_null(settings->help);
		if (g_strcmp0(settings->only, type) != 0)
			fail_msg("%s is of another type", settings->key);
	}
}

/* The choices of `type` are the translators there are. */
static void
test_settings(void **state)
{
	GString *types = g_string_new(NULL);

	(void)state;
	for (unsigned i = 0; registry[i] != NULL; i++) {
		if (i > 0)
			g_string_append_c(types, '|');
		g_string_append(types, registry[i]->type);
		check_rows(registry[i]->settings, registry[i]->type);
	}
	assert_string_equal(provider_settings[0].key, "type");
	assert_string_equal(provider_settings[0].choices, types->str);
	check_rows(provider_settings, NULL);
	g_string_free(types, TRUE);
}

/* Every row says why, and who says so; no trait stands in two of them. */
static uint64_t
check_carried(const struct carry *row)
{
	uint64_t said = 0;

	for (; row->traits != 0; row++) {
		assert_int_equal(said & row->traits, 0);
		assert_true(*row->why != '\0');
		assert_true(*row->source != '\0');
		said |= row->traits;
	}
	return said;
}

/* Of every kind of provider it is known what becomes of every trait. */
static void
test_limits(void **state)
{
	(void)state;
	for (unsigned i = 0; registry[i] != NULL; i++) {
		const struct translator_limits *limits = &registry[i]->limits;
		uint64_t said = check_carried(limits->carry);

		assert_int_equal(said, TRAIT_ALL);
		assert_int_equal(
		    limits->fields, registry[i]->kind == EXCHANGE_HTTP);
	}
}

/* By one domain goes all, unless each From has its own. */
static void
test_one_domain(void **state)
{
	static const struct {
		const char *type, *settings;
		bool one_domain;
	} cases[] = {
		{ "mailgun", "", true },
		{ "mailgun", "domains=example.com,example.org", true },
		{ "mailgun", "domain=from domains=example.com", false },
		{ "mandrill", "", false },
		{ "smtp", "", false },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct provider *provider =
		    open_provider(cases[i].type, cases[i].settings, NULL);

		assert_non_null(provider);
		assert_int_equal(provider->one_domain, cases[i].one_domain);
		provider_unref(provider);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_mailgun),
		cmocka_unit_test(test_smtp),
		cmocka_unit_test(test_pace),
		cmocka_unit_test(test_domain),
		cmocka_unit_test(test_max_size),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_one_domain),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
