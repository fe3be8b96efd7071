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

/* What no form of a provider carries is a loss there, and the reserve carries
 * everything. */
static void
test_limits(void **state)
{
	(void)state;
	for (unsigned i = 0; registry[i] != NULL; i++) {
		const struct translator_limits *limits = &registry[i]->limits;
		uint32_t all = (1u << TRAIT_COUNT) - 1;

		assert_int_equal(limits->fields_carry & ~all, 0);
		assert_int_equal(limits->raw_carry & ~all, 0);
		assert_int_equal(
		    limits->fields, registry[i]->kind == EXCHANGE_HTTP);
		if (registry[i]->kind == EXCHANGE_SMTP)
			assert_int_equal(limits->raw_carry, all);
		else
			assert_int_equal(
			    limits->fields_carry & TRAIT_SIGNED, 0);
		if (limits->raw_utf8)
			assert_int_equal(
			    limits->raw_carry &
				(TRAIT_SIGNED | TRAIT_ENCRYPTED | TRAIT_DKIM),
			    0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_mailgun),
		cmocka_unit_test(test_smtp),
		cmocka_unit_test(test_max_size),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
