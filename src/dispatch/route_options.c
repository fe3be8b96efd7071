/* SPDX-License-Identifier: MIT */
#include "route_options.h"

#include <string.h>

#define KEY_MAX  128
#define TEXT_MAX 256

/* One section, and what is wrong with it. */
struct reading {
	struct mail_options *options;
	const struct config *config;
	const char *section;
	GPtrArray *errors;
};

/* "FILE:3: [route x] key = value; expected ..." */
static void
add_error(const struct reading *reading, const char *key, const char *value,
    const char *expected)
{
	g_ptr_array_add(reading->errors,
	    g_strdup_printf("%s: [%s] %s = %s; expected %s",
		config_origin(reading->config, reading->section, key),
		reading->section, key, value, expected));
}

/* One line that is not too long for an API. */
static bool
is_text(const char *text)
{
	for (const char *at = text; *at != '\0'; at++)
		if (g_ascii_iscntrl(*at))
			return false;
	return *text != '\0' && strlen(text) <= TEXT_MAX;
}

static void
read_tags(const struct reading *reading)
{
	const char *const *tags =
	    config_list(reading->config, reading->section, "tags");

	for (; tags != NULL && *tags != NULL; tags++) {
		if (is_text(*tags))
			options_add_tag(reading->options, *tags);
		else
			add_error(
			    reading, "tags", *tags, "texts of 1 to 256 bytes");
	}
}

static bool
is_key(const char *key)
{
	size_t length = strlen(key);

	for (; *key != '\0'; key++)
		if (!g_ascii_isalnum(*key) && strchr("_-.", *key) == NULL)
			return false;
	return length > 0 && length <= KEY_MAX;
}

static void
read_metadata(const struct reading *reading)
{
	const char *const *items =
	    config_list(reading->config, reading->section, "metadata");

	for (; items != NULL && *items != NULL; items++) {
		g_auto(GStrv) words = g_strsplit(*items, "=", 2);
		struct option_pair pair = { 0 };

		if (g_strv_length(words) == 2) {
			pair.key = g_strstrip(words[0]);
			pair.value = g_strstrip(words[1]);
		}
		if (pair.key != NULL && is_key(pair.key) && is_text(pair.value))
			options_add_metadata(reading->options, &pair);
		else
			add_error(reading, "metadata", *items,
			    "key=value, the key of letters, digits, _ - and .");
	}
}

static void
set(const struct reading *reading, enum mail_option option, const char *key,
    const char *text)
{
	g_autofree char *field =
	    g_strdup_printf("%s of [%s]", key, reading->section);

	options_set(reading->options, option,
	    &(const struct option_value){ (char *)text, field, NULL });
}

static void
read_tracking(const struct reading *reading)
{
	const char *clicks =
	    config_string(reading->config, reading->section, "track_clicks");

	if (config_is_set(reading->config, reading->section, "track_opens"))
		set(reading, OPTION_TRACK_OPENS, "track_opens",
		    config_bool(
			reading->config, reading->section, "track_opens")
			? "yes"
			: "no");
	if (clicks != NULL)
		set(reading, OPTION_TRACK_CLICKS, "track_clicks", clicks);
}

static void
read_template(const struct reading *reading)
{
	const char *template =
	    config_string(reading->config, reading->section, "template");

	if (template == NULL)
		return;
	if (is_text(template))
		set(reading, OPTION_TEMPLATE, "template", template);
	else
		add_error(
		    reading, "template", template, "a name of 1 to 256 bytes");
}

void
route_options_read(struct route *route, const struct config *config,
    const char *section, GPtrArray *errors)
{
	const struct reading reading = { route->options, config, section,
		errors };

	read_tags(&reading);
	read_metadata(&reading);
	read_tracking(&reading);
	read_template(&reading);
	route->send_delay_ms = config_number(config, section, "send_delay");
}

/* Once for each provider that would never be asked. */
static void
check_key(const struct config *config, const struct route *route,
    const GPtrArray *providers, const char *key, GPtrArray *errors)
{
	uint64_t bit = strcmp(key, "template") == 0 ? OPTIONS_FIT_BIT(TEMPLATE)
						    : OPTIONS_FIT_BIT(SEND_AT);
	g_autofree char *section = g_strconcat("route ", route->name, NULL);

	for (unsigned i = 0; i < route->count; i++) {
		const struct provider *provider =
		    providers->pdata[route->numbers[i]];

		if ((provider->translator->options->takes & bit) != 0)
			continue;
		g_ptr_array_add(errors,
		    g_strdup_printf("%s: [%s] %s: [%s] is of type %s, which "
				    "has nothing like it, so it would never be "
				    "asked; leave it out of `providers`, or "
				    "this out",
			config_origin(config, section, key), section, key,
			provider->section, provider->translator->type));
	}
}

void
route_options_check(const struct config *config, const GPtrArray *routes,
    const GPtrArray *providers, GPtrArray *errors)
{
	for (unsigned i = 0; i < routes->len; i++) {
		const struct route *route = routes->pdata[i];

		if (route->options->values[OPTION_TEMPLATE].text != NULL)
			check_key(config, route, providers, "template", errors);
		if (route->send_delay_ms != 0)
			check_key(
			    config, route, providers, "send_delay", errors);
	}
}
