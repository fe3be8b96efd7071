/* SPDX-License-Identifier: MIT */
#include "pace.h"

#include "translators.h"

#define RATE_MIN 0.001
#define RATE_MAX 100000.0

/* What is wrong with one of the settings. */
static bool
refuse(const struct provider *provider, const char *key, const char *fault,
    GError **error)
{
	g_set_error(error, TRANSLATOR_ERROR, 0, "%s: [%s] %s: %s",
	    config_origin(provider->config, provider->section, key),
	    provider->section, key, fault);
	return false;
}

/* Digits and a point: "1e3" or "0x10" is nobody's rate. */
static bool
read_rate(const char *text, double *rate)
{
	char *end;

	for (const char *at = text; *at != '\0'; at++)
		if (!g_ascii_isdigit(*at) && *at != '.')
			return false;
	*rate = g_ascii_strtod(text, &end);
	return end != text && *end == '\0' && *rate >= RATE_MIN &&
	       *rate <= RATE_MAX;
}

static bool
set_rate(struct provider *provider, const char *text, GError **error)
{
	g_autofree char *fault = NULL;

	if (text == NULL || read_rate(text, &provider->pace.rate))
		return true;
	fault = g_strdup_printf(
	    "%s is no rate; mails a second are expected, from 0.001 to 100000, "
	    "like 10 or 0.5; leave it out for no limit",
	    text);
	return refuse(provider, "rate", fault, error);
}

/* One second of the rate, if nothing else is said. */
static unsigned
find_burst(const struct provider *provider)
{
	double rate = provider->pace.rate;

	if (config_is_set(provider->config, provider->section, "burst"))
		return (unsigned)config_number(
		    provider->config, provider->section, "burst");
	return rate > 1 ? (unsigned)rate : 1;
}

bool
pace_read(struct provider *provider, GError **error)
{
	const struct config *config = provider->config;
	const char *section = provider->section;
	struct provider_pace *pace = &provider->pace;

	if (!set_rate(provider, config_string(config, section, "rate"), error))
		return false;
	if (pace->rate <= 0 && config_is_set(config, section, "burst"))
		return refuse(provider, "burst",
		    "it has no meaning without a rate; set rate (mails a "
		    "second) too",
		    error);
	pace->burst = find_burst(provider);
	pace->hour_max = (uint64_t)config_number(config, section, "quota_hour");
	pace->day_max = (uint64_t)config_number(config, section, "quota_day");
	if (pace->day_max > 0 && pace->hour_max > pace->day_max)
		return refuse(provider, "quota_hour",
		    "it is more than quota_day; an hour cannot have more than "
		    "its day",
		    error);
	pace->overflow = config_bool(config, section, "overflow");
	return true;
}
