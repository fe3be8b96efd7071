/* SPDX-License-Identifier: MIT */
#include "telling.h"

#include "translators.h"
#include <string.h>

const char *
telling_need(const struct provider *provider, const char *key, const char *what,
    GError **error)
{
	const struct config *config = provider->config;
	const char *section = provider->section;
	const char *value = config_string(config, section, key);
	bool said = config_is_set(config, section, "events");

	if (value == NULL)
		g_set_error(error, TRANSLATOR_ERROR, 0,
		    "%s: [%s] %s is missing, without which no webhook can be "
		    "believed; it is %s; or set events = poll, or off",
		    config_origin(
			config, section, said ? "events" : "webhook_key"),
		    section, key, what);
	return value;
}

bool
telling_read(struct provider *provider, GError **error)
{
	struct provider_events *events = &provider->events;
	const struct config *config = provider->config;
	const char *section = provider->section;
	const char *choice = config_string(config, section, "events");

	events->poll_ms = config_number(config, section, "events_poll");
	events->webhook_key = config_string(config, section, "webhook_key");
	if (choice == NULL)
		choice = events->webhook_key != NULL ? "webhook" : "off";
	if (strcmp(choice, "poll") == 0)
		events->telling = PROVIDER_POLLED;
	if (strcmp(choice, "webhook") != 0)
		return true;
	events->telling = PROVIDER_POSTS;
	return telling_need(provider, "webhook_key",
		   "the key with which the provider signs what it posts, as it "
		   "shows it beside its webhooks",
		   error) != NULL;
}
