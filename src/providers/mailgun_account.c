/* SPDX-License-Identifier: MIT */
#include "mailgun_account.h"

#include "core/log.h"
#include "mailgun_verdicts.h"
#include "telling.h"
#include "translators.h"
#include <string.h>

#define US_URL "https://api.mailgun.net"
#define EU_URL "https://api.eu.mailgun.net"

/* In a domain these make another path of the URL, and Mailgun answers a path it
 * does not know with 200. */
#define DOMAIN_FORBIDDEN "/:&'@(),!?#;%+=<>"

static bool
refuse_domain(const struct provider *provider, const char *key,
    const char *domain, GError **error)
{
	g_set_error(error, TRANSLATOR_ERROR, 0,
	    "%s: [%s] %s = %s: it is no domain; give the sending domain as "
	    "Mailgun shows it, such as mg.example.com",
	    config_origin(provider->config, provider->section, key),
	    provider->section, key, domain);
	return false;
}

/* Those of From are to be sending domains. */
static bool
check_domains(const struct provider *provider, GError **error)
{
	if (provider->domains == NULL) {
		g_set_error(error, TRANSLATOR_ERROR, 0,
		    "%s: [%s] domain = from: `domains` is missing; list the "
		    "sending domains of the Mailgun account there, like "
		    "domains = mg.example.com, example.org",
		    config_origin(
			provider->config, provider->section, "domain"),
		    provider->section);
		return false;
	}
	for (char **at = provider->domains; *at != NULL; at++)
		if (strpbrk(*at, DOMAIN_FORBIDDEN) != NULL)
			return refuse_domain(provider, "domains", *at, error);
	return true;
}

/* *ascii: NULL for that of From. */
static bool
read_domain(const struct provider *provider, char **ascii, GError **error)
{
	const char *domain =
	    config_string(provider->config, provider->section, "domain");

	*ascii = NULL;
	if (strcmp(domain, "from") == 0)
		return check_domains(provider, error);
	*ascii = address_domain_to_ascii(domain);
	if (*ascii != NULL && strpbrk(*ascii, DOMAIN_FORBIDDEN) == NULL)
		return true;
	g_free(*ascii);
	return refuse_domain(provider, "domain", domain, error);
}

static enum mailgun_lookup
read_lookup(const struct config *config, const char *section)
{
	const char *lookup = config_string(config, section, "lookup");

	if (strcmp(lookup, "off") == 0)
		return MAILGUN_OFF;
	return strcmp(lookup, "logs") == 0 ? MAILGUN_LOGS : MAILGUN_EVENTS;
}

/* Questions are put with the key that may ask. */
static void
read_asking(struct mailgun_account *self, const struct provider *provider)
{
	const struct config *config = provider->config;
	const char *section = provider->section;
	const char *url = config_string(config, section, "region_url");
	const char *key = config_string(config, section, "lookup_key");

	self->lookup = read_lookup(config, section);
	self->lookup_key = key != NULL;
	self->asking = provider->endpoint;
	if (key != NULL) {
		self->asking.password = key;
		log_hide_login(self->asking.username, key);
	}
	self->other = self->asking;
	if (url == NULL && !config_is_set(config, section, "base_url"))
		url = strcmp(self->region, "eu") == 0 ? US_URL : EU_URL;
	self->other.base_url = url;
}

bool
mailgun_account_open(
    struct provider *provider, const struct config *config, GError **error)
{
	const char *region = config_string(config, provider->section, "region");
	bool europe = strcmp(region, "eu") == 0;
	struct mailgun_account *self;
	char *domain;

	if (!telling_read(provider, error) ||
	    !read_domain(provider, &domain, error))
		return false;
	provider->events.webhook_age_ms =
	    config_number(config, provider->section, "webhook_age");
	if (provider->endpoint.base_url == NULL)
		provider->endpoint.base_url = europe ? EU_URL : US_URL;
	provider->endpoint.username = "api";
	provider->endpoint.password =
	    config_string(config, provider->section, "api_key");
	log_hide_login(
	    provider->endpoint.username, provider->endpoint.password);
	self = g_new0(struct mailgun_account, 1);
	self->domain = domain;
	provider->one_domain = domain != NULL;
	self->verdicts = verdict_table_new(mailgun_verdicts);
	self->region = region;
	self->other_region = europe ? "us" : "eu";
	read_asking(self, provider);
	provider->self = self;
	return true;
}

void
mailgun_account_close(struct provider *provider)
{
	struct mailgun_account *self = provider->self;

	g_free(self->domain);
	verdict_table_free(self->verdicts);
	g_free(self);
}

const char *
mailgun_account_domain(const struct provider *provider, const char *from_domain)
{
	const struct mailgun_account *self = provider->self;

	if (self->domain != NULL)
		return self->domain;
	return provider_domain(provider, from_domain);
}
