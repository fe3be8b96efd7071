/* SPDX-License-Identifier: MIT */
#include "provider.h"

#include "domains.h"
#include "pace.h"
#include "translators.h"
#include <string.h>

#define SECTION "provider"

const struct setting provider_settings[] = {
	{ .section = SECTION,
	    .key = "type",
	    .type = SETTING_CHOICE,
	    .choices = "mailgun|mandrill|smtp",
	    .required = true,
	    .help = "What kind of provider it is." },
	{ .section = SECTION,
	    .key = "format",
	    .type = SETTING_CHOICE,
	    .fallback = "auto",
	    .choices = "auto|fields|raw",
	    .help = "How mail is handed over: as fields, raw as it came, or "
		    "(auto) as fields when that loses nothing, else raw." },
	{ .section = SECTION,
	    .key = "max_size",
	    .type = SETTING_SIZE,
	    .min = 1024,
	    .max = INT64_C(1024) * 1024 * 1024,
	    .help = "Larger mails go to the next provider; more than the "
		    "provider takes (25,000,000 bytes at Mailgun and "
		    "Mandrill) is never sent." },
	{ .section = SECTION,
	    .key = "domains",
	    .type = SETTING_LIST,
	    .help = "Whose mail it carries, by the domain of From, those "
		    "above and below included; the default is everybody's." },
	{ .section = SECTION,
	    .key = "rate",
	    .type = SETTING_STRING,
	    .help = "Mails a second, at most (10, 0.5); the default is no "
		    "limit of ours." },
	{ .section = SECTION,
	    .key = "burst",
	    .type = SETTING_NUMBER,
	    .min = 1,
	    .max = 100000,
	    .help = "Mails at once at that rate; the default is one second "
		    "of it, at least 1." },
	{ .section = SECTION,
	    .key = "quota_hour",
	    .type = SETTING_NUMBER,
	    .min = 1,
	    .max = 1000000000,
	    .help = "Recipients in an hour, at most; the default is no "
		    "limit." },
	{ .section = SECTION,
	    .key = "quota_day",
	    .type = SETTING_NUMBER,
	    .min = 1,
	    .max = 1000000000,
	    .help = "Recipients in a day (UTC), at most; the default is no "
		    "limit." },
	{ .section = SECTION,
	    .key = "overflow",
	    .type = SETTING_BOOL,
	    .fallback = "yes",
	    .help = "yes: what does not fit into rate, quotas or a pause the "
		    "provider asked for goes to the next provider at once; "
		    "no: it waits for this one." },
	{ .section = SECTION,
	    .key = "respect_suppression",
	    .type = SETTING_BOOL,
	    .fallback = "yes",
	    .help = "yes: whom it has on its suppression list is not sent to "
		    "by another provider either." },
	{ .section = SECTION,
	    .key = "connections",
	    .type = SETTING_NUMBER,
	    .fallback = "32",
	    .min = 1,
	    .max = 1000,
	    .help = "Requests at a time, at most." },
	{ .section = SECTION,
	    .key = "base_url",
	    .type = SETTING_URL,
	    .help = "Where the API is, without a path; https, or http to this "
		    "host.  The default is the provider's own." },
	{ .section = SECTION,
	    .key = "proxy",
	    .type = SETTING_STRING,
	    .help = "URL of an HTTP or SOCKS proxy (http, https, socks5, "
		    "socks5h); those of the environment are not used." },
	{ .section = SECTION,
	    .key = "ca_file",
	    .type = SETTING_PATH,
	    .help = "Certificates to trust, in PEM; the default is the "
		    "system's." },
	{ .section = SECTION,
	    .key = "resolve_timeout",
	    .type = SETTING_DURATION,
	    .fallback = "8s",
	    .min = 10,
	    .max = 60 * 1000,
	    .help = "For finding the host's addresses." },
	{ .section = SECTION,
	    .key = "connect_timeout",
	    .type = SETTING_DURATION,
	    .fallback = "5s",
	    .min = 10,
	    .max = 120 * 1000,
	    .help = "For the connection, TLS included." },
	{ .section = SECTION,
	    .key = "answer_timeout",
	    .type = SETTING_DURATION,
	    .fallback = "60s",
	    .min = 10,
	    .max = 10 * 60 * 1000,
	    .help = "For the answer after the last byte; a shorter one makes "
		    "a slow answer a doubt." },
	{ .section = SECTION,
	    .key = "upload_rate",
	    .type = SETTING_SIZE,
	    .fallback = "8k",
	    .min = 1,
	    .max = 1024 * 1024 * 1024,
	    .help = "Bytes a second that must get through, or the request is "
		    "broken off." },
	{ .section = SECTION,
	    .key = "upload_window",
	    .type = SETTING_DURATION,
	    .fallback = "20s",
	    .min = 10,
	    .max = 10 * 60 * 1000,
	    .help = "How long the upload may be slower than upload_rate." },
	{ .section = SECTION,
	    .key = "idle",
	    .type = SETTING_DURATION,
	    .fallback = "10s",
	    .min = 0,
	    .max = 10 * 60 * 1000,
	    .help = "A connection that was idle for longer is not used "
		    "again." },
	{ 0 },
};

static const struct translator *
find_translator(const char *type)
{
	for (unsigned i = 0; registry[i] != NULL; i++)
		if (strcmp(registry[i]->type, type) == 0)
			return registry[i];
	g_assert_not_reached();
}

static enum format
read_format(const struct config *config, const char *section)
{
	const char *format = config_string(config, section, "format");

	if (strcmp(format, "raw") == 0)
		return FORMAT_RAW;
	return strcmp(format, "fields") == 0 ? FORMAT_FIELDS : FORMAT_AUTO;
}

static void
read_endpoint(
    struct endpoint *endpoint, const struct config *config, const char *section)
{
	endpoint->base_url = config_string(config, section, "base_url");
	endpoint->proxy = config_string(config, section, "proxy");
	endpoint->ca_file = config_string(config, section, "ca_file");
	endpoint->hostname = config_string(config, "server", "hostname");
	if (endpoint->hostname == NULL)
		endpoint->hostname = g_get_host_name();
	endpoint->connections =
	    (unsigned)config_number(config, section, "connections");
	endpoint->resolve_ms =
	    config_number(config, section, "resolve_timeout");
	endpoint->connect_ms =
	    config_number(config, section, "connect_timeout");
	endpoint->answer_ms = config_number(config, section, "answer_timeout");
	endpoint->upload_rate =
	    (uint64_t)config_number(config, section, "upload_rate");
	endpoint->upload_window_ms =
	    config_number(config, section, "upload_window");
	endpoint->idle_ms = config_number(config, section, "idle");
}

static bool
check_format(const struct provider *provider, GError **error)
{
	if (provider->format != FORMAT_FIELDS ||
	    provider->translator->limits.fields)
		return true;
	g_set_error(error, TRANSLATOR_ERROR, 0,
	    "%s: [%s] format = fields: not possible with type = %s; auto and "
	    "raw are: leave it out",
	    config_origin(provider->config, provider->section, "format"),
	    provider->section, provider->translator->type);
	return false;
}

static bool
is_proxy(const char *url)
{
	static const char *const schemes[] = { "http", "https", "socks5",
		"socks5h", NULL };
	g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_HAS_PASSWORD, NULL);

	return uri != NULL && g_uri_get_host(uri) != NULL &&
	       *g_uri_get_host(uri) != '\0' &&
	       g_strv_contains(schemes, g_uri_get_scheme(uri));
}

/* The value is not told: it may hold a password. */
static bool
check_proxy(const struct provider *provider, GError **error)
{
	const char *proxy = provider->endpoint.proxy;

	if (proxy == NULL || provider->translator->kind != EXCHANGE_HTTP ||
	    is_proxy(proxy))
		return true;
	g_set_error(error, TRANSLATOR_ERROR, 0,
	    "%s: [%s] proxy: it is not the URL of a proxy; one with http://, "
	    "https://, socks5:// or socks5h:// and a host is expected, like "
	    "http://127.0.0.1:3128",
	    config_origin(provider->config, provider->section, "proxy"),
	    provider->section);
	return false;
}

static void
read_provider(struct provider *provider)
{
	struct config *config = provider->config;
	const char *section = provider->section;

	provider->translator =
	    find_translator(config_string(config, section, "type"));
	provider->format = read_format(config, section);
	provider->size_bytes = provider->translator->limits.size_bytes;
	if (config_is_set(config, section, "max_size"))
		provider->size_bytes = MIN(provider->size_bytes,
		    (uint64_t)config_number(config, section, "max_size"));
	provider->respects_suppression =
	    config_bool(config, section, "respect_suppression");
	provider->endpoint.provider = provider->name;
	read_endpoint(&provider->endpoint, config, section);
}

static void
free_provider(struct provider *provider)
{
	config_unref(provider->config);
	g_strfreev(provider->domains);
	g_free(provider->section);
	g_free(provider->name);
	g_free(provider);
}

struct provider *
provider_open(const char *name, struct config *config, GError **error)
{
	struct provider *provider = g_new0(struct provider, 1);

	g_atomic_ref_count_init(&provider->count);
	provider->name = g_strdup(name);
	provider->section = g_strdup_printf(SECTION " %s", name);
	provider->config = config_ref(config);
	read_provider(provider);
	if (check_format(provider, error) && check_proxy(provider, error) &&
	    pace_read(provider, error) && domains_read(provider, error) &&
	    provider->translator->open(provider, config, error))
		return provider;
	free_provider(provider);
	return NULL;
}

struct provider *
provider_ref(struct provider *provider)
{
	g_atomic_ref_count_inc(&provider->count);
	return provider;
}

void
provider_unref(struct provider *provider)
{
	if (provider == NULL || !g_atomic_ref_count_dec(&provider->count))
		return;
	provider->translator->close(provider);
	free_provider(provider);
}
