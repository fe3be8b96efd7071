/* SPDX-License-Identifier: MIT */
#include "core/network.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

/* Whoever comes by a Unix socket. */

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
	static const struct network unix_sockets = { .family = AF_UNIX };

	if (strcmp(text, "unix") == 0) {
		g_array_append_val(networks, unix_sockets);
		return true;
	}
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
	else if (strcmp(item, "none") == 0)
		g_string_append_printf(faults, "%s\"none\" stands alone",
		    faults->len > 0 ? "; " : "");
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

	if (items[0] != NULL && items[1] == NULL &&
	    strcmp(g_strstrip(items[0]), "none") == 0)
		return g_steal_pointer(&networks);
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
	    "\"private\", \"loopback\" or \"unix\" are expected, or \"none\" "
	    "alone");
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
		out->family = peer->sa_family;
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

static bool
contains(const GArray *networks, const struct network *host)
{
	for (unsigned i = 0; networks != NULL && i < networks->len; i++)
		if (is_inside(
			&g_array_index(networks, struct network, i), host))
			return true;
	return false;
}

bool
network_contains(const GArray *networks, const struct sockaddr *peer)
{
	struct network host;

	if (!read_peer(peer, &host) && peer->sa_family != AF_UNIX)
		return false;
	return contains(networks, &host);
}

bool
network_contains_peer(const GArray *networks, const char *peer)
{
	struct network host;

	if (strcmp(peer, NETWORK_PEER_UNIX) == 0)
		return true;
	if (!parse_address(peer, &host))
		return false;
	unmap(&host);
	return contains(networks, &host);
}

bool
network_is_private(const struct network *network)
{
	g_autoptr(GArray) all = network_parse_list("private, unix", NULL);

	for (unsigned i = 0; i < all->len; i++) {
		const struct network *one =
		    &g_array_index(all, struct network, i);

		if (network->prefix >= one->prefix && is_inside(one, network))
			return true;
	}
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

/* The interface that follows the percent sign, by name or number; 0 and error:
 * there is none. */
static uint32_t
parse_scope(const char *text, GError **error)
{
	guint64 number;
	uint32_t scope = if_nametoindex(text);

	if (scope != 0)
		return scope;
	if (g_ascii_string_to_unsigned(text, 10, 1, G_MAXUINT32, &number, NULL))
		return (uint32_t)number;
	g_set_error(error, get_quark(), 0,
	    "there is no network interface \"%s\"; `ip link` shows those that "
	    "are",
	    text);
	return 0;
}

/* Cuts "%eth0" out of "[fe80::1%eth0]:25"; *scope is its number.  Returns the
 * rest, as a new string; NULL and error. */
static char *
cut_scope(const char *text, uint32_t *scope, GError **error)
{
	const char *percent = strchr(text, '%');
	const char *end = percent != NULL ? strchr(percent, ']') : NULL;
	g_autofree char *name = NULL;

	*scope = 0;
	if (*text != '[' || end == NULL)
		return g_strdup(text);
	name = g_strndup(percent + 1, (size_t)(end - percent - 1));
	*scope = parse_scope(name, error);
	if (*scope == 0)
		return NULL;
	return g_strdup_printf("%.*s%s", (int)(percent - text), text, end);
}

/* Only there an address says too little without its interface. */
static bool
set_scope(const char *text, struct sockaddr_storage *out, uint32_t scope,
    GError **error)
{
	struct sockaddr_in6 in6;
	bool local;

	memcpy(&in6, out, sizeof(in6));
	local = in6.sin6_family == AF_INET6 &&
		IN6_IS_ADDR_LINKLOCAL(&in6.sin6_addr);
	if (local == (scope != 0)) {
		in6.sin6_scope_id = scope;
		if (local)
			memcpy(out, &in6, sizeof(in6));
		return true;
	}
	g_set_error(error, get_quark(), 0,
	    local ? "\"%s\" is link-local: name its interface, like "
		    "[fe80::1%%eth0]:2525"
		  : "\"%s\" is not link-local: write it without the "
		    "interface",
	    text);
	return false;
}

static bool
parse_unix(const char *path, struct sockaddr_storage *out, socklen_t *length,
    GError **error)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	if (*path != '/' || path[1] == '\0' || g_str_has_suffix(path, "/")) {
		g_set_error(error, get_quark(), 0,
		    "\"%s\" is no path of a socket: an absolute one is "
		    "expected, like unix:/run/postferry/smtp",
		    path);
		return false;
	}
	if (strlen(path) >= sizeof(un.sun_path)) {
		g_set_error(error, get_quark(), 0,
		    "the path \"%s\" is too long for a socket: at most %zu "
		    "bytes are expected",
		    path, sizeof(un.sun_path) - 1);
		return false;
	}
	g_strlcpy(un.sun_path, path, sizeof(un.sun_path));
	memset(out, 0, sizeof(*out));
	memcpy(out, &un, sizeof(un));
	*length = sizeof(un);
	return true;
}

bool
network_parse_listener(const char *text, struct sockaddr_storage *out,
    socklen_t *length, GError **error)
{
	g_autofree char *bare = NULL;
	uint32_t scope;

	if (g_str_has_prefix(text, NETWORK_UNIX))
		return parse_unix(
		    text + strlen(NETWORK_UNIX), out, length, error);
	bare = cut_scope(text, &scope, error);
	return bare != NULL &&
	       network_parse_endpoint(bare, out, length, error) &&
	       set_scope(text, out, scope, error);
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
		g_strlcpy(out, NETWORK_PEER_UNIX, NETWORK_PEER_LENGTH);
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

/* "%eth0", or "" where nothing is to be said. */
static void
print_scope(const struct sockaddr *address, char out[static IF_NAMESIZE + 1])
{
	struct sockaddr_in6 in6;

	*out = '\0';
	if (address->sa_family != AF_INET6)
		return;
	memcpy(&in6, address, sizeof(in6));
	if (in6.sin6_scope_id == 0)
		return;
	*out = '%';
	if (if_indextoname(in6.sin6_scope_id, out + 1) == NULL)
		g_snprintf(out, IF_NAMESIZE + 1, "%%%u", in6.sin6_scope_id);
}

void
network_print_listener(
    const struct sockaddr *address, char out[static NETWORK_LISTENER_LENGTH])
{
	char host[NETWORK_PEER_LENGTH], scope[IF_NAMESIZE + 1];
	struct sockaddr_un un;

	if (address->sa_family == AF_UNIX) {
		memcpy(&un, address, sizeof(un));
		g_snprintf(out, NETWORK_LISTENER_LENGTH, NETWORK_UNIX "%.*s",
		    (int)sizeof(un.sun_path), un.sun_path);
		return;
	}
	network_print_peer(address, host);
	print_scope(address, scope);
	g_snprintf(out, NETWORK_LISTENER_LENGTH,
	    address->sa_family == AF_INET6 ? "[%s%s]:%u" : "%s%s:%u", host,
	    scope, network_port(address));
}
