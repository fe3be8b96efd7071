/* SPDX-License-Identifier: MIT */
#include "core/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static const unsigned char mapped_head[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0xff, 0xff };

/* The words that stand for several networks. */
static const struct {
	const char *word;
	const char *networks[8];
} words[] = {
	{ "loopback", { "127.0.0.0/8", "::1" } },
	{ "private",
	    { "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
		"127.0.0.0/8", "fc00::/7", "fe80::/10", "::1" } },
};

static GQuark
get_quark(void)
{
	return g_quark_from_static_string("network");
}

static unsigned
count_bits(int family)
{
	return family == AF_INET ? 32 : 128;
}

/* An IPv4 address in IPv6's clothes counts as what it is. */
static void
unmap(struct network *network)
{
	if (network->family != AF_INET6 || network->prefix < 96 ||
	    memcmp(network->bytes, mapped_head, sizeof(mapped_head)) != 0)
		return;
	memmove(network->bytes, network->bytes + 12, 4);
	memset(network->bytes + 4, 0, 12);
	network->family = AF_INET;
	network->prefix -= 96;
}

/* The bits of an address that its network does not count. */
static void
clear_host_bits(struct network *network)
{
	for (unsigned i = 0; i < 16; i++) {
		unsigned begin = i * 8;

		if (network->prefix <= begin)
			network->bytes[i] = 0;
		else if (network->prefix < begin + 8)
			network->bytes[i] &=
			    (unsigned char)(0xff
					    << (begin + 8 - network->prefix));
	}
}

static bool
parse_address(const char *text, struct network *out)
{
	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, out->bytes) == 1)
		out->family = AF_INET;
	else if (inet_pton(AF_INET6, text, out->bytes) == 1)
		out->family = AF_INET6;
	else
		return false;
	out->prefix = count_bits(out->family);
	return true;
}

static bool
parse_prefix(const char *text, struct network *network, GError **error)
{
	guint64 prefix;

	if (!g_ascii_string_to_unsigned(
		text, 10, 0, count_bits(network->family), &prefix, NULL)) {
		g_set_error(error, get_quark(), 0,
		    "\"/%s\" is no prefix length: a number from 0 to %u is "
		    "expected",
		    text, count_bits(network->family));
		return false;
	}
	network->prefix = (unsigned)prefix;
	return true;
}

static bool
check_host_bits(const char *text, struct network *network, GError **error)
{
	struct network whole = *network;
	char meant[INET6_ADDRSTRLEN];

	clear_host_bits(network);
	if (memcmp(whole.bytes, network->bytes, sizeof(whole.bytes)) == 0)
		return true;
	inet_ntop(network->family, network->bytes, meant, sizeof(meant));
	g_set_error(error, get_quark(), 0,
	    "\"%s\" has bits set beyond its prefix: write %s/%u for the "
	    "network, or the address without /%u for the one host",
	    text, meant, network->prefix, network->prefix);
	return false;
}

bool
network_parse(const char *text, struct network *out, GError **error)
{
	g_auto(GStrv) parts = g_strsplit(text, "/", 2);

	if (parts[0] == NULL || !parse_address(parts[0], out)) {
		g_set_error(error, get_quark(), 0,
		    "\"%s\" is no network: an address like 192.0.2.1 or "
		    "2001:db8::1, or a network like 192.0.2.0/24 is expected",
		    text);
		return false;
	}
	if (parts[1] != NULL && !parse_prefix(parts[1], out, error))
		return false;
	if (!check_host_bits(text, out, error))
		return false;
	unmap(out);
	return true;
}

/* True when text is a word; its networks are added. */
static bool
add_word(GArray *networks, const char *text)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
		if (strcmp(words[i].word, text) != 0)
			continue;
		for (unsigned n = 0; n < G_N_ELEMENTS(words[i].networks); n++) {
			struct network network;

			if (words[i].networks[n] == NULL)
				break;
			network_parse(words[i].networks[n], &network, NULL);
			g_array_append_val(networks, network);
		}
		return true;
	}
	return false;
}

/* Adds what the item names, or what is wrong with it to faults. */
static void
add_item(GArray *networks, const char *item, GString *faults)
{
	struct network network;
	g_autoptr(GError) error = NULL;

	if (add_word(networks, item))
		return;
	if (network_parse(item, &network, &error))
		g_array_append_val(networks, network);
	else
		g_string_append_printf(faults, "%s%s",
		    faults->len > 0 ? "; " : "", error->message);
}

GArray *
network_parse_list(const char *text, GError **error)
{
	g_auto(GStrv) items = g_strsplit(text, ",", -1);
	g_autoptr(GString) faults = g_string_new(NULL);
	g_autoptr(GArray) networks =
	    g_array_new(FALSE, FALSE, sizeof(struct network));

	for (char **item = items; *item != NULL; item++)
		add_item(networks, g_strstrip(*item), faults);
	if (faults->len > 0) {
		g_set_error_literal(error, get_quark(), 0, faults->str);
		return NULL;
	}
	if (networks->len > 0)
		return g_steal_pointer(&networks);
	g_set_error(error, get_quark(), 0,
	    "no network is named: addresses and networks separated by commas, "
	    "\"private\" or \"loopback\" are expected");
	return NULL;
}

/* The address of a peer as a network of one host; false: it has none. */
static bool
read_peer(const struct sockaddr *peer, struct network *out)
{
	memset(out, 0, sizeof(*out));
	if (peer->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, peer, sizeof(in));
		memcpy(out->bytes, &in.sin_addr, 4);
	} else if (peer->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, peer, sizeof(in6));
		memcpy(out->bytes, &in6.sin6_addr, 16);
	} else {
		return false;
	}
	out->family = peer->sa_family;
	out->prefix = count_bits(out->family);
	unmap(out);
	return true;
}

static bool
is_inside(const struct network *network, const struct network *host)
{
	struct network part = *host;

	if (part.family != network->family)
		return false;
	part.prefix = network->prefix;
	clear_host_bits(&part);
	return memcmp(part.bytes, network->bytes, sizeof(part.bytes)) == 0;
}

bool
network_contains(const GArray *networks, const struct sockaddr *peer)
{
	struct network host;

	if (!read_peer(peer, &host))
		return false;
	for (unsigned i = 0; i < networks->len; i++)
		if (is_inside(
			&g_array_index(networks, struct network, i), &host))
			return true;
	return false;
}

/* Splits HOST:PORT or [HOST]:PORT; NULL when it has no such form. */
static char *
split_port(const char *text, const char **port)
{
	const char *colon = strrchr(text, ':');
	const char *end = colon;

	if (colon == NULL)
		return NULL;
	*port = colon + 1;
	if (*text == '[') {
		text++;
		if (--end < text || *end != ']')
			return NULL;
	} else if (memchr(text, ':', (size_t)(end - text)) != NULL) {
		return NULL; /* IPv6 without brackets */
	}
	return g_strndup(text, (size_t)(end - text));
}

static socklen_t
fill_sockaddr(
    struct sockaddr_storage *out, const struct network *host, uint16_t port)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons(port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(port) };

	memset(out, 0, sizeof(*out));
	if (host->family == AF_INET) {
		memcpy(&in.sin_addr, host->bytes, 4);
		memcpy(out, &in, sizeof(in));
		return sizeof(in);
	}
	memcpy(&in6.sin6_addr, host->bytes, 16);
	memcpy(out, &in6, sizeof(in6));
	return sizeof(in6);
}

static bool
parse_host(const char *text, struct network *out)
{
	bool local = strcmp(text, "localhost") == 0;

	return parse_address(local ? "127.0.0.1" : text, out);
}

bool
network_parse_endpoint(const char *text, struct sockaddr_storage *out,
    socklen_t *length, GError **error)
{
	const char *port_text = NULL;
	g_autofree char *host_text = split_port(text, &port_text);
	struct network host;
	guint64 port;

	if (host_text == NULL || !parse_host(host_text, &host) ||
	    (host.family == AF_INET6) != (*text == '[')) {
		g_set_error(error, get_quark(), 0,
		    "\"%s\" is no address to listen on: ADDRESS:PORT is "
		    "expected, like 127.0.0.1:2525, [::1]:2525 or "
		    "localhost:2525; other names are not looked up",
		    text);
		return false;
	}
	if (!g_ascii_string_to_unsigned(port_text, 10, 0, 65535, &port, NULL)) {
		g_set_error(error, get_quark(), 0,
		    "\"%s\" is no port: a number from 0 to 65535 is expected "
		    "after the colon",
		    port_text);
		return false;
	}
	*length = fill_sockaddr(out, &host, (uint16_t)port);
	return true;
}

bool
network_is_loopback(const struct sockaddr *peer)
{
	struct network host;

	if (!read_peer(peer, &host))
		return peer->sa_family == AF_UNIX;
	if (host.family == AF_INET)
		return host.bytes[0] == 127;
	return memcmp(host.bytes, &in6addr_loopback, 16) == 0;
}

void
network_print_peer(
    const struct sockaddr *peer, char out[static NETWORK_PEER_LENGTH])
{
	struct network host;

	if (!read_peer(peer, &host))
		g_strlcpy(out, "unix", NETWORK_PEER_LENGTH);
	else
		inet_ntop(host.family, host.bytes, out, NETWORK_PEER_LENGTH);
}

unsigned
network_port(const struct sockaddr *peer)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (peer->sa_family == AF_INET) {
		memcpy(&in, peer, sizeof(in));
		return ntohs(in.sin_port);
	}
	if (peer->sa_family == AF_INET6) {
		memcpy(&in6, peer, sizeof(in6));
		return ntohs(in6.sin6_port);
	}
	return 0;
}
