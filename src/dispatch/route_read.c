/* SPDX-License-Identifier: MIT */
#include "route_read.h"

#include "pattern.h"
#include "route_options.h"
#include <string.h>

#define WEIGHT_MAX 1000

/* One section, and what is wrong with it. */
struct reading {
	const struct config *config;
	const char *section;
	GPtrArray *errors;
};

/* "FILE:3: [route x] key = value: what is wrong" */
G_GNUC_PRINTF(3, 4)
static void
add_error(
    const struct reading *reading, const char *key, const char *format, ...)
{
	va_list arguments;
	g_autofree char *what = NULL;

	va_start(arguments, format);
	what = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_ptr_array_add(reading->errors,
	    g_strdup_printf("%s: [%s] %s %s",
		config_origin(reading->config, reading->section, key),
		reading->section, key, what));
}

static const char *
read_string(const struct reading *reading, const char *key)
{
	return config_string(reading->config, reading->section, key);
}

static bool
is_set(const struct reading *reading, const char *key)
{
	return config_is_set(reading->config, reading->section, key);
}

char *
route_read_names(const char *const *names)
{
	g_autofree char *all = g_strjoinv(", ", (char **)names);

	if (*all == '\0')
		return g_strdup("there is none at all");
	return g_strdup_printf("there are: %s", all);
}

/* -1: none of that name. */
static int
find_number(const struct config *config, const char *name)
{
	const char *const *names = config_names(config, "provider");

	for (int i = 0; names[i] != NULL; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

static void
add_provider(
    struct route *route, const struct reading *reading, const char *name)
{
	int number = find_number(reading->config, name);

	if (number < 0) {
		g_autofree char *all =
		    route_read_names(config_names(reading->config, "provider"));

		add_error(reading, "providers",
		    "names \"%s\", and there is no [provider %s]; %s", name,
		    name, all);
	} else if (route->count < LEDGER_PROVIDERS_MAX) {
		route->numbers[route->count++] = (unsigned)number;
	}
}

static void
read_providers(struct route *route, const struct reading *reading,
    const char *const *wanted)
{
	for (; wanted != NULL && *wanted != NULL; wanted++)
		add_provider(route, reading, *wanted);
}

static bool
read_weight(const char *text, unsigned *weight)
{
	uint64_t number;

	if (!g_ascii_string_to_unsigned(text, 10, 0, WEIGHT_MAX, &number, NULL))
		return false;
	*weight = (unsigned)number;
	return true;
}

/* False when these are no weights for its providers. */
static bool
read_weights(
    struct route *route, const char *text, const char *const *providers)
{
	g_auto(GStrv) words = g_strsplit(text, ",", -1);
	unsigned count = g_strv_length(words), sum = 0;

	if (count != g_strv_length((char **)providers) ||
	    count > LEDGER_PROVIDERS_MAX)
		return false;
	for (unsigned i = 0; i < count; i++) {
		if (!read_weight(g_strstrip(words[i]), &route->weights[i]))
			return false;
		sum += route->weights[i];
	}
	return sum > 0;
}

static void
read_order(struct route *route, const struct reading *reading)
{
	const char *const *providers =
	    config_list(reading->config, reading->section, "providers");
	const char *weights = read_string(reading, "weights");

	route->weighted =
	    strcmp(read_string(reading, "order"), "weighted") == 0;
	for (unsigned i = 0; i < LEDGER_PROVIDERS_MAX; i++)
		route->weights[i] = 1;
	if (weights == NULL)
		return;
	if (!route->weighted) {
		add_error(reading, "weights",
		    "= %s counts for nothing with order = failover; write "
		    "order = weighted, or leave it out",
		    weights);
	} else if (!read_weights(route, weights, providers)) {
		g_autofree char *all = g_strjoinv(", ", (char **)providers);

		add_error(reading, "weights",
		    "= %s; expected one number from 0 to %d for each of the "
		    "providers (%s), one of them over 0",
		    weights, WEIGHT_MAX, all);
	}
}

/* "Shop <shop@example.com>", "\"Shop\" <...>" or the address alone; NULL: it is
 * none. */
static struct header_address *
read_mailbox(const char *text)
{
	const char *open = strrchr(text, '<');
	g_autofree char *name = NULL;
	g_autofree char *spec = g_strdup(open != NULL ? open + 1 : text);
	struct header_address *from = NULL;
	struct address *address;
	enum address_fault fault;
	size_t length;

	if (open != NULL) {
		if (!g_str_has_suffix(spec, ">"))
			return NULL;
		spec[strlen(spec) - 1] = '\0';
		name = g_strstrip(g_strndup(text, (size_t)(open - text)));
		length = strlen(name);
		if (length > 1 && name[0] == '"' && name[length - 1] == '"') {
			name[length - 1] = '\0';
			memmove(name, name + 1, length - 1);
		}
	}
	address = address_parse(spec, strlen(spec), NULL, &fault);
	if (address != NULL)
		from = header_address_new(
		    name != NULL && *name != '\0' ? name : NULL, address->text);
	address_free(address);
	return from;
}

static void
read_from(struct route_guise *guise, const struct reading *reading)
{
	const char *from = read_string(reading, "from");
	const char *rewrite = read_string(reading, "rewrite_from");

	guise->rewrite = strcmp(rewrite, "never") == 0    ? ROUTE_NEVER
			 : strcmp(rewrite, "always") == 0 ? ROUTE_ALWAYS
							  : ROUTE_FOREIGN;
	if (from != NULL) {
		guise->from = read_mailbox(from);
		if (guise->from == NULL)
			add_error(reading, "from",
			    "= %s; expected an address, or a name and an "
			    "address, like Shop <shop@example.com>",
			    from);
	} else if (is_set(reading, "rewrite_from") &&
		   guise->rewrite != ROUTE_NEVER) {
		add_error(reading, "rewrite_from",
		    "= %s needs `from`: what is to stand in From then, like "
		    "Shop <shop@example.com>",
		    rewrite);
	}
}

static void
read_redirect(struct route_guise *guise, const struct reading *reading)
{
	const char *text = read_string(reading, "redirect_to");
	enum address_fault fault;

	if (text == NULL)
		return;
	guise->redirect = address_parse(text, strlen(text), NULL, &fault);
	if (guise->redirect == NULL)
		add_error(reading, "redirect_to",
		    "= %s: %s; expected one like staging@example.com", text,
		    address_fault_text(fault));
}

static enum format
read_format(const struct reading *reading)
{
	const char *format = read_string(reading, "format");

	if (strcmp(format, "raw") == 0)
		return FORMAT_RAW;
	return strcmp(format, "fields") == 0 ? FORMAT_FIELDS : FORMAT_AUTO;
}

static void
read_section(struct route *route, const struct reading *reading)
{
	struct pattern_place people = { reading->config, reading->section,
		"only_to" };
	int64_t give_up =
	    config_number(reading->config, reading->section, "give_up");

	read_providers(route, reading,
	    config_list(reading->config, reading->section, "providers"));
	rule_read(
	    &route->rule, reading->config, reading->section, reading->errors);
	read_order(route, reading);
	if (give_up != 0)
		route->give_up_ms = give_up;
	doubt_policy_read(read_string(reading, "doubt"), &route->doubt);
	route->format = read_format(reading);
	read_from(&route->guise, reading);
	route->guise.only_to = pattern_read_people(&people, reading->errors);
	read_redirect(&route->guise, reading);
	route_options_read(
	    route, reading->config, reading->section, reading->errors);
}

struct route *
route_read(const struct config *config, const char *name, GPtrArray *errors)
{
	struct route *route = g_new0(struct route, 1);
	g_autofree char *section = g_strconcat("route ", name, NULL);
	const struct reading reading = { config, section, errors };

	route->name = g_strdup(name);
	route->give_up_ms = config_number(config, "server", "give_up");
	route->options = options_new();
	if (g_strv_contains(config_names(config, "route"), name))
		read_section(route, &reading);
	else
		read_providers(
		    route, &reading, config_names(config, "provider"));
	return route;
}

void
route_read_free(void *object)
{
	struct route *route = object;

	rule_clear(&route->rule);
	header_address_free(route->guise.from);
	g_strfreev(route->guise.only_to);
	address_free(route->guise.redirect);
	options_free(route->options);
	g_free(route->name);
	g_free(route);
}
