/* SPDX-License-Identifier: MIT */
#include "core/setting.h"

#include <glib.h>
#include <string.h>

struct unit {
	int64_t size;
	const char *name;
};

const char *
setting_type_text(enum setting_type type)
{
	static const char *const texts[] = {
		[SETTING_STRING] = "text",
		[SETTING_NUMBER] = "number",
		[SETTING_SIZE] = "size",
		[SETTING_DURATION] = "duration",
		[SETTING_DURATIONS] = "durations separated by commas",
		[SETTING_BOOL] = "yes or no",
		[SETTING_CHOICE] = "one of",
		[SETTING_LIST] = "names separated by commas",
		[SETTING_NETWORKS] = "networks separated by commas",
		[SETTING_ENDPOINT] = "address:port or unix:path",
		[SETTING_URL] = "URL",
		[SETTING_HOST] = "host name or address",
		[SETTING_DOMAIN] = "mail domain",
		[SETTING_PATH] = "absolute path",
		[SETTING_SECRET] = "secret",
	};

	return texts[type];
}

char *
setting_example(const struct setting *setting)
{
	static const char *const examples[] = {
		[SETTING_STRING] = "text",
		[SETTING_BOOL] = "yes",
		[SETTING_LIST] = "mailgun, upstream",
		[SETTING_NETWORKS] = "192.0.2.0/24, loopback",
		[SETTING_ENDPOINT] = "127.0.0.1:2525",
		[SETTING_URL] = "https://api.example.com",
		[SETTING_HOST] = "smtp.example.com",
		[SETTING_DOMAIN] = "mg.example.com",
		[SETTING_PATH] = "/var/lib/postferry",
		[SETTING_SECRET] = "/etc/postferry/secret",
	};

	switch (setting->type) {
	case SETTING_NUMBER:
	case SETTING_SIZE:
	case SETTING_DURATION:
	case SETTING_DURATIONS:
		return setting_print_number(setting, setting->min);
	case SETTING_CHOICE:
		return g_strndup(
		    setting->choices, strcspn(setting->choices, "|"));
	default:
		return g_strdup(examples[setting->type]);
	}
}

char *
setting_print_number(const struct setting *setting, int64_t number)
{
	static const struct unit durations[] = { { 86400000, "d" },
		{ 3600000, "h" }, { 60000, "m" }, { 1000, "s" }, { 1, "ms" } };
	static const struct unit sizes[] = { { 1 << 30, "g" }, { 1 << 20, "m" },
		{ 1 << 10, "k" }, { 1, "" } };
	static const struct unit one[] = { { 1, "" } };
	const struct unit *unit = one;

	if (setting->type == SETTING_DURATION ||
	    setting->type == SETTING_DURATIONS)
		unit = durations;
	else if (setting->type == SETTING_SIZE)
		unit = sizes;
	while (unit->size > 1 && (number == 0 || number % unit->size != 0))
		unit++;
	return g_strdup_printf(
	    "%" G_GINT64_FORMAT "%s", number / unit->size, unit->name);
}
