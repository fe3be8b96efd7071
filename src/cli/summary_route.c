/* SPDX-License-Identifier: MIT */
#include "summary_route.h"

#include <stdio.h>
#include <string.h>

#define DEFAULT "default"

/* One section. */
struct road {
	const struct config *config;
	const char *name;
	const char *section; /* NULL: [route default] is not written */
};

static const char *
read_string(const struct road *road, const char *key)
{
	return road->section == NULL
		   ? NULL
		   : config_string(road->config, road->section, key);
}

static const char *const *
read_list(const struct road *road, const char *key)
{
	return road->section == NULL
		   ? NULL
		   : config_list(road->config, road->section, key);
}

static const char *const *
read_providers(const struct road *road)
{
	return road->section == NULL ? config_names(road->config, "provider")
				     : read_list(road, "providers");
}

/* ---- which mail ---- */

/* Adds "sender_domains = a, b". */
static void
add_condition(GString *text, const char *key, const char *value)
{
	g_string_append_printf(
	    text, "%s%s = %s", text->len > 0 ? " and " : "", key, value);
}

static void
add_conditions(GString *text, const struct road *road)
{
	static const char *const keys[] = { "sender_domains",
		"recipient_domains", "listeners", "user" };
	const char *header = read_string(road, "header");

	for (unsigned i = 0; i < G_N_ELEMENTS(keys); i++) {
		const char *const *list = read_list(road, keys[i]);
		g_autofree char *value =
		    list != NULL ? g_strjoinv(", ", (char **)list) : NULL;

		if (value != NULL)
			add_condition(text, keys[i], value);
	}
	if (header != NULL)
		add_condition(text, "header", header);
}

static void
print_mail(const struct road *road)
{
	const char *reports =
	    config_string(road->config, "server", "bounce_route");
	bool own = g_strcmp0(road->name, reports) == 0;
	g_autoptr(GString) text = g_string_new(NULL);

	add_conditions(text, road);
	if (strcmp(road->name, DEFAULT) == 0)
		g_string_assign(text, "all other mail");
	else if (text->len > 0)
		g_string_prepend(text, "mail with ");
	else if (!own)
		g_string_assign(text, "mail that names it");
	if (own)
		g_string_append_printf(
		    text, "%sour bounces", text->len > 0 ? ", and " : "");
	printf("  route %s: %s\n", road->name, text->str);
}

/* ---- by whom ---- */

static void
print_providers(const struct road *road)
{
	const char *const *names = read_providers(road);
	const char *order = read_string(road, "order");
	const char *weights = read_string(road, "weights");
	g_autofree char *all = g_strjoinv(", ", (char **)names);

	if (g_strcmp0(order, "weighted") != 0) {
		printf("    providers, in the order of trying: %s\n", all);
		return;
	}
	g_auto(GStrv) numbers = g_strsplit(weights ? weights : "", ",", -1);
	printf("    providers, drawn by weight, the others follow: ");
	for (unsigned i = 0; names[i] != NULL; i++)
		printf("%s%s %s", i > 0 ? ", " : "", names[i],
		    weights != NULL ? g_strstrip(numbers[i]) : "1");
	putchar('\n');
}

/* ---- what is done ---- */

static void
print_times(const struct road *road)
{
	static const struct setting duration = { .type = SETTING_DURATION };
	int64_t give_up = config_number(road->config, "server", "give_up");
	const char *doubt = read_string(road, "doubt");
	const char *format = read_string(road, "format");
	g_autofree char *text = NULL;

	if (road->section != NULL &&
	    config_number(road->config, road->section, "give_up") != 0)
		give_up = config_number(road->config, road->section, "give_up");
	text = setting_print_number(&duration, give_up);
	printf("    given up after %s; doubt = %s", text,
	    doubt != NULL ? doubt : "prefer_delivery");
	if (format != NULL && strcmp(format, "auto") != 0)
		printf("; format = %s", format);
	putchar('\n');
}

static void
print_from(const struct road *road)
{
	const char *from = read_string(road, "from");
	const char *rewrite = read_string(road, "rewrite_from");

	if (from == NULL || strcmp(rewrite, "never") == 0)
		return;
	printf("    leaves as from %s%s\n", from,
	    strcmp(rewrite, "always") == 0
		? ""
		: " where a provider may not carry its From");
}

static void
print_people(const struct road *road)
{
	const char *const *only = read_list(road, "only_to");
	const char *redirect = read_string(road, "redirect_to");
	g_autofree char *people =
	    only != NULL ? g_strjoinv(", ", (char **)only) : NULL;

	if (people != NULL && redirect != NULL)
		printf("    mail to others than %s goes to %s\n", people,
		    redirect);
	else if (people != NULL)
		printf("    mail to others than %s is dropped\n", people);
	else if (redirect != NULL)
		printf("    all of it goes to %s\n", redirect);
}

/* The value of a key of the options, as the file would have it; NULL: it is not
 * set.  New string. */
static char *
tell_option(const struct road *road, const char *key)
{
	static const struct setting duration = { .type = SETTING_DURATION };

	if (!config_is_set(road->config, road->section, key))
		return NULL;
	if (strcmp(key, "tags") == 0 || strcmp(key, "metadata") == 0)
		return g_strjoinv(", ", (char **)read_list(road, key));
	if (strcmp(key, "track_opens") == 0)
		return g_strdup(config_bool(road->config, road->section, key)
				    ? "yes"
				    : "no");
	if (strcmp(key, "send_delay") == 0)
		return setting_print_number(
		    &duration, config_number(road->config, road->section, key));
	return g_strdup(read_string(road, key));
}

static void
print_options(const struct road *road)
{
	static const char *const keys[] = { "tags", "metadata", "track_opens",
		"track_clicks", "send_delay", "template" };
	bool any = false;

	for (unsigned i = 0; road->section != NULL && i < G_N_ELEMENTS(keys);
	     i++) {
		g_autofree char *value = tell_option(road, keys[i]);

		if (value == NULL)
			continue;
		printf("%s%s = %s",
		    any ? "; " : "    asked of its providers: ", keys[i],
		    value);
		any = true;
	}
	if (any)
		putchar('\n');
}

static void
print_route(const struct road *road)
{
	print_mail(road);
	print_providers(road);
	print_times(road);
	print_from(road);
	print_people(road);
	print_options(road);
}

/* ---- the whole ---- */

static bool
is_in_a_route(const struct config *config, const char *provider)
{
	const char *const *name = config_names(config, "route");

	for (; *name != NULL; name++) {
		g_autofree char *section = g_strconcat("route ", *name, NULL);
		const char *const *route =
		    config_list(config, section, "providers");

		if (route == NULL || g_strv_contains(route, provider))
			return true;
	}
	return false;
}

/* [route default] is not needed: it means all providers then. */
void
summary_route_print(const struct config *config)
{
	const char *const *all = config_names(config, "provider");
	const char *const *name = config_names(config, "route");
	bool usual = g_strv_contains(name, DEFAULT);

	for (; *name != NULL; name++) {
		g_autofree char *section = g_strconcat("route ", *name, NULL);

		print_route(&(const struct road){ config, *name, section });
	}
	if (!usual)
		print_route(&(const struct road){ config, DEFAULT, NULL });
	for (unsigned i = 0; usual && all[i] != NULL; i++)
		if (!is_in_a_route(config, all[i]))
			printf("  in no route, so never used: %s\n", all[i]);
}
