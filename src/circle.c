/* SPDX-License-Identifier: MIT */
#include "circle.h"

#include "core/network.h"
#include "smtp/server.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

/* One [provider NAME] of SMTP. */
struct upstream {
	char *section;
	const char *host;
	unsigned port;
	struct in_addr address; /* of the host */
	bool ours;              /* the host is this one, by whatever address */
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

/* Whoever connects to the upstream server comes to this listener. */
static bool
leads_to(const struct upstream *upstream, const char *listener)
{
	struct sockaddr_storage address;
	const struct sockaddr_in *four = (const struct sockaddr_in *)&address;
	socklen_t length;

	if (!network_parse_listener(listener, &address, &length, NULL) ||
	    network_port((const struct sockaddr *)&address) != upstream->port)
		return false;
	if (upstream->ours &&
	    (is_any(&address) ||
		network_is_loopback((const struct sockaddr *)&address)))
		return true;
	return address.ss_family == AF_INET &&
	       upstream->address.s_addr != htonl(INADDR_NONE) &&
	       upstream->address.s_addr == four->sin_addr.s_addr;
}

static void
read_upstream(struct upstream *upstream, const struct config *config)
{
	const char *host = config_string(config, upstream->section, "host");
	const char *names[] = { "localhost", g_get_host_name(),
		server_hostname(config) };

	upstream->host = host;
	upstream->port =
	    (unsigned)config_number(config, upstream->section, "port");
	if (inet_pton(AF_INET, host, &upstream->address) != 1)
		upstream->address.s_addr = htonl(INADDR_NONE);
	else
		upstream->ours =
		    ntohl(upstream->address.s_addr) >> 24 == IN_LOOPBACKNET;
	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
		upstream->ours |= g_ascii_strcasecmp(host, names[i]) == 0;
}

static void
check_listeners(const struct upstream *upstream, const struct config *config,
    GPtrArray *errors)
{
	const char *const *name = config_names(config, "listener");

	for (; *name != NULL; name++) {
		g_autofree char *listener =
		    g_strconcat("listener ", *name, NULL);
		const char *address =
		    config_string(config, listener, "address");

		if (address == NULL || !leads_to(upstream, address))
			continue;
		g_ptr_array_add(errors,
		    g_strdup_printf("%s: [%s] host = %s, port = %u is our own "
				    "[%s] (address = %s): mail would go in a "
				    "circle; name the server that is to "
				    "deliver it",
			config_origin(config, upstream->section, "host"),
			upstream->section, upstream->host, upstream->port,
			listener, address));
	}
}

void
circle_check(const struct config *config, GPtrArray *errors)
{
	const char *const *name = config_names(config, "provider");

	for (; *name != NULL; name++) {
		g_autofree char *section =
		    g_strconcat("provider ", *name, NULL);
		struct upstream upstream = { .section = section };

		if (config_string(config, section, "host") == NULL)
			continue;
		read_upstream(&upstream, config);
		check_listeners(&upstream, config, errors);
	}
}
