/* SPDX-License-Identifier: MIT */
#include "smtp/server.h"

#include "roster.h"
#include "rules.h"
#include "tls_keys.h"
#include <netinet/in.h>
#include <string.h>

/* Where a listener listens. */
struct site {
	const char *name;
	char *section;
	struct sockaddr_storage address;
};

static void
on_site_clear(void *object)
{
	struct site *site = object;

	g_free(site->section);
}

/* One whose address is at fault is told of elsewhere. */
static void
add_site(GArray *sites, const struct config *config, const char *name)
{
	struct site site = { .name = name,
		.section = g_strconcat("listener ", name, NULL) };
	const char *text = config_string(config, site.section, "address");
	const char *origin = config_origin(config, site.section, "address");
	socklen_t length;

	if (text != NULL && strcmp(origin, "default") != 0 &&
	    network_parse_listener(text, &site.address, &length, NULL))
		g_array_append_val(sites, site);
	else
		on_site_clear(&site);
}

static bool
is_any(const struct sockaddr_storage *address)
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;

	return address->ss_family == AF_INET
		   ? four->sin_addr.s_addr == htonl(INADDR_ANY)
		   : address->ss_family == AF_INET6 &&
			 IN6_IS_ADDR_UNSPECIFIED(&six->sin6_addr);
}

/* One of them could not listen while the other does. */
static bool
is_taken(const struct site *one, const struct site *other)
{
	const struct sockaddr *a = (const struct sockaddr *)&one->address;
	const struct sockaddr *b = (const struct sockaddr *)&other->address;
	char first[NETWORK_LISTENER_LENGTH], second[NETWORK_LISTENER_LENGTH];

	if (a->sa_family != b->sa_family || network_port(a) != network_port(b))
		return false;
	if (a->sa_family != AF_UNIX && network_port(a) == 0)
		return false;
	network_print_listener(a, first);
	network_print_listener(b, second);
	return strcmp(first, second) == 0 || is_any(&one->address) ||
	       is_any(&other->address);
}

static void
check_site(const struct config *config, const GArray *sites, unsigned n,
    GPtrArray *errors)
{
	const struct site *site = &g_array_index(sites, struct site, n);

	for (unsigned i = 0; i < n; i++) {
		const struct site *other =
		    &g_array_index(sites, struct site, i);

		if (!is_taken(site, other))
			continue;
		g_ptr_array_add(errors,
		    g_strdup_printf(
			"%s: [%s] address = %s: [%s] listens there already "
			"(%s, address = %s): give each an address or a port "
			"of its own, or leave one of them out",
			config_origin(config, site->section, "address"),
			site->section,
			config_string(config, site->section, "address"),
			other->section,
			config_origin(config, other->section, "address"),
			config_string(config, other->section, "address")));
		return;
	}
}

static void
check_sites(const struct config *config, GPtrArray *errors)
{
	const char *const *name = config_names(config, "listener");
	g_autoptr(GArray) sites =
	    g_array_new(FALSE, FALSE, sizeof(struct site));

	g_array_set_clear_func(sites, on_site_clear);
	for (; *name != NULL; name++)
		add_site(sites, config, *name);
	for (unsigned i = 1; i < sites->len; i++)
		check_site(config, sites, i, errors);
}

static bool
check_keys(const struct rules *rules, GError **error)
{
	struct tls_keys *keys;

	if (rules->tls.mode == RULES_TLS_OFF)
		return true;
	keys = tls_keys_new(rules, error);
	tls_keys_unref(keys);
	return keys != NULL;
}

static void
check_listener(struct config *config, const char *name, GPtrArray *errors)
{
	g_autoptr(GError) error = NULL;
	struct rules *rules = rules_new(config, name, errors);

	if (rules != NULL && !check_keys(rules, &error))
		g_ptr_array_add(errors, g_strdup(error->message));
	rules_free(rules);
}

bool
server_check(const struct config *config, GPtrArray *errors)
{
	const char *const *name = config_names(config, "listener");
	struct config *counted = config_ref((struct config *)config);
	unsigned before = errors->len;

	if (*name == NULL)
		g_ptr_array_add(
		    errors, g_strdup("settings: " RULES_NO_LISTENER));
	for (; *name != NULL; name++)
		check_listener(counted, *name, errors);
	check_sites(config, errors);
	roster_check(counted, errors);
	config_unref(counted);
	return errors->len == before;
}
