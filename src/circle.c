/* SPDX-License-Identifier: MIT */
#include "circle.h"

#include "core/network.h"
#include "smtp/server.h"
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

/* Addresses of a name that are looked at. */
#define ADDRESSES_MAX 16
/* Any port will do: nothing is sent. */
#define PORT_DISCARD 9

/* One [provider NAME] of SMTP. */
struct upstream {
	char *section;
	const char *host;
	unsigned port;
	bool ours;         /* the host is this one, by whatever address */
	bool literal;      /* the host is an address */
	GArray *addresses; /* of it, struct sockaddr_storage */
};

static bool
is_any(const struct sockaddr_storage *address)
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;

	if (address->ss_family == AF_INET)
		return four->sin_addr.s_addr == htonl(INADDR_ANY);
	return address->ss_family == AF_INET6 &&
	       IN6_IS_ADDR_UNSPECIFIED(&six->sin6_addr);
}

/* Without a port. */
static bool
is_same(
    const struct sockaddr_storage *one, const struct sockaddr_storage *other)
{
	char first[NETWORK_PEER_LENGTH], second[NETWORK_PEER_LENGTH];

	network_print_peer((const struct sockaddr *)one, first);
	network_print_peer((const struct sockaddr *)other, second);
	return strcmp(first, second) == 0;
}

static void
set_port(struct sockaddr_storage *address, in_port_t port)
{
	if (address->ss_family == AF_INET)
		((struct sockaddr_in *)address)->sin_port = htons(port);
	else
		((struct sockaddr_in6 *)address)->sin6_port = htons(port);
}

/* True when it is an address of this host: the kernel would go there from
 * there.  Neither rights nor a packet are needed for that. */
static bool
is_here(const struct sockaddr_storage *address)
{
	struct sockaddr_storage there = *address, here = { 0 };
	socklen_t length = sizeof(here);
	bool same;
	int fd;

	if (network_is_loopback((const struct sockaddr *)address))
		return true;
	fd = socket(address->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	set_port(&there, PORT_DISCARD);
	same =
	    connect(fd, (const struct sockaddr *)&there, sizeof(there)) == 0 &&
	    getsockname(fd, (struct sockaddr *)&here, &length) == 0 &&
	    is_same(&here, address);
	close(fd);
	return same;
}

/* Whoever connects to the upstream server comes to this listener. */
static bool
leads_to(const struct upstream *upstream, const struct sockaddr_storage *site)
{
	bool any = is_any(site);

	if (upstream->ours &&
	    (any || network_is_loopback((const struct sockaddr *)site)))
		return true;
	for (unsigned i = 0; i < upstream->addresses->len; i++) {
		const struct sockaddr_storage *address = &g_array_index(
		    upstream->addresses, struct sockaddr_storage, i);

		if (address->ss_family == site->ss_family &&
		    (any ? is_here(address) : is_same(address, site)))
			return true;
	}
	return false;
}

static void
read_literal(struct upstream *upstream)
{
	struct sockaddr_storage address = { 0 };
	struct sockaddr_in *four = (struct sockaddr_in *)&address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&address;

	if (inet_pton(AF_INET, upstream->host, &four->sin_addr) == 1)
		address.ss_family = AF_INET;
	else if (inet_pton(AF_INET6, upstream->host, &six->sin6_addr) == 1)
		address.ss_family = AF_INET6;
	else
		return;
	upstream->literal = true;
	g_array_append_val(upstream->addresses, address);
}

/* False when there is none: it is not SMTP. */
static bool
read_upstream(
    struct upstream *upstream, const struct config *config, const char *name)
{
	const char *names[] = { "localhost", g_get_host_name(),
		server_hostname(config) };

	*upstream = (struct upstream){
		.section = g_strconcat("provider ", name, NULL),
		.addresses =
		    g_array_new(FALSE, FALSE, sizeof(struct sockaddr_storage)),
	};
	upstream->host = config_string(config, upstream->section, "host");
	if (upstream->host == NULL)
		return false;
	upstream->port =
	    (unsigned)config_number(config, upstream->section, "port");
	read_literal(upstream);
	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
		upstream->ours |=
		    g_ascii_strcasecmp(upstream->host, names[i]) == 0;
	return true;
}

static void
clear_upstream(struct upstream *upstream)
{
	g_free(upstream->section);
	g_array_unref(upstream->addresses);
}

static void
add_error(const struct upstream *upstream, const struct config *config,
    const char *listener, GPtrArray *errors)
{
	g_ptr_array_add(errors,
	    g_strdup_printf("%s: [%s] host = %s, port = %u is our own [%s] "
			    "(address = %s): mail would go in a circle; name "
			    "the server that is to deliver it",
		config_origin(config, upstream->section, "host"),
		upstream->section, upstream->host, upstream->port, listener,
		config_string(config, listener, "address")));
}

/* Adds the errors; returns how many listeners have its port. */
static unsigned
check_listeners(const struct upstream *upstream, const struct config *config,
    GPtrArray *errors)
{
	const char *const *name = config_names(config, "listener");
	unsigned count = 0;

	for (; *name != NULL; name++) {
		g_autofree char *listener =
		    g_strconcat("listener ", *name, NULL);
		const char *address =
		    config_string(config, listener, "address");
		struct sockaddr_storage site;
		socklen_t length;

		if (address == NULL ||
		    !network_parse_listener(address, &site, &length, NULL) ||
		    network_port((const struct sockaddr *)&site) !=
			upstream->port)
			continue;
		count++;
		if (leads_to(upstream, &site))
			add_error(upstream, config, listener, errors);
	}
	return count;
}

void
circle_check(const struct config *config, GPtrArray *errors)
{
	const char *const *name = config_names(config, "provider");

	for (; *name != NULL; name++) {
		struct upstream upstream;

		if (read_upstream(&upstream, config, *name))
			check_listeners(&upstream, config, errors);
		clear_upstream(&upstream);
	}
}

static void
resolve(struct upstream *upstream, circle_lookup_fn lookup)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *all = NULL;

	if (lookup(upstream->host, NULL, &hints, &all) != 0)
		return;
	for (struct addrinfo *one = all;
	     one != NULL && upstream->addresses->len < ADDRESSES_MAX;
	     one = one->ai_next) {
		struct sockaddr_storage address = { 0 };

		memcpy(&address, one->ai_addr, one->ai_addrlen);
		g_array_append_val(upstream->addresses, address);
	}
	freeaddrinfo(all);
}

void
circle_resolve(
    const struct config *config, circle_lookup_fn lookup, GPtrArray *errors)
{
	const char *const *name = config_names(config, "provider");

	for (; *name != NULL; name++) {
		struct upstream upstream;

		/* what needs no DNS is told by circle_check(), and none of it
		 * is added here: there is no address yet */
		if (read_upstream(&upstream, config, *name) &&
		    !upstream.literal && !upstream.ours &&
		    check_listeners(&upstream, config, errors) > 0) {
			resolve(&upstream, lookup);
			check_listeners(&upstream, config, errors);
		}
		clear_upstream(&upstream);
	}
}
