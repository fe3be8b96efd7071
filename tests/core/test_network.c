/* SPDX-License-Identifier: MIT */
#include "core/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/un.h>

#include <cmocka.h>

/* The address and port as a socket has them; "unix" is one of those. */
static struct sockaddr_storage
make_peer(const char *text, uint16_t port)
{
	struct sockaddr_storage peer = { 0 };
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons(port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(port) };

	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		memcpy(&peer, &in, sizeof(in));
	else if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1)
		memcpy(&peer, &in6, sizeof(in6));
	else
		peer.ss_family = AF_UNIX;
	return peer;
}

static const struct {
	const char *text;
	const char *network; /* with its prefix; NULL: refused */
	const char *error;   /* part of it */
} networks[] = {
	{ "192.0.2.0/24", "192.0.2.0/24", NULL },
	{ "192.0.2.1", "192.0.2.1/32", NULL },
	{ "0.0.0.0/0", "0.0.0.0/0", NULL },
	{ "10.128.0.0/9", "10.128.0.0/9", NULL },
	{ "::1", "::1/128", NULL },
	{ "2001:db8::/33", "2001:db8::/33", NULL },
	{ "2001:DB8:8000::/33", "2001:db8:8000::/33", NULL },
	{ "::/0", "::/0", NULL },
	{ "::ffff:192.0.2.0/120", "192.0.2.0/24", NULL },
	{ "::ffff:192.0.2.1", "192.0.2.1/32", NULL },
	{ "192.0.2.7/24", NULL, "write 192.0.2.0/24 for the network" },
	{ "10.0.0.1/31", NULL, "write 10.0.0.0/31" },
	{ "2001:db8::1/64", NULL, "write 2001:db8::/64" },
	{ "192.0.2.0/33", NULL, "a number from 0 to 32" },
	{ "::/129", NULL, "a number from 0 to 128" },
	{ "192.0.2.0/", NULL, "no prefix length" },
	{ "192.0.2.0/-1", NULL, "no prefix length" },
	{ "192.0.2.0/ 24", NULL, "no prefix length" },
	{ "192.0.2.0/24/24", NULL, "no prefix length" },
	{ "192.0.2.0/255.255.255.0", NULL, "no prefix length" },
	{ "192.0.2", NULL, "is no network" },
	{ "192.0.2.256", NULL, "is no network" },
	{ "0300.0.2.1", NULL, "is no network" },
	{ "mail.example.com", NULL, "is no network" },
	{ "[::1]", NULL, "is no network" },
	{ "fe80::1%eth0", NULL, "is no network" },
	{ "/24", NULL, "is no network" },
	{ "", NULL, "is no network" },
};

static void
test_parse(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(networks); i++) {
		struct network network;
		g_autoptr(GError) error = NULL;
		char address[INET6_ADDRSTRLEN];
		bool done = network_parse(networks[i].text, &network, &error);

		if (done != (networks[i].network != NULL))
			fail_msg("%s: %s", networks[i].text,
			    done ? "taken" : error->message);
		if (!done) {
			if (!strstr(error->message, networks[i].error))
				fail_msg(
				    "%s: %s", networks[i].text, error->message);
			continue;
		}
		inet_ntop(
		    network.family, network.bytes, address, sizeof(address));
		g_autofree char *have =
		    g_strdup_printf("%s/%u", address, network.prefix);
		assert_string_equal(have, networks[i].network);
	}
}

static const struct {
	const char *list;
	bool private;
} wholes[] = {
	{ "10.1.0.0/16", true },
	{ "10.0.0.0/8", true },
	{ "10.0.0.0/7", false },
	{ "192.168.1.1", true },
	{ "0.0.0.0/0", false },
	{ "203.0.113.0/24", false },
	{ "::ffff:10.0.0.0/104", true },
	{ "fd00:1::/32", true },
	{ "::1", true },
	{ "::/0", false },
	{ "2001:db8::/32", false },
	{ "unix", true },
};

static void
test_private(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(wholes); i++) {
		g_autoptr(GArray) list =
		    network_parse_list(wholes[i].list, NULL);

		assert_non_null(list);
		if (network_is_private(&g_array_index(
			list, struct network, 0)) != wholes[i].private)
			fail_msg("%s", wholes[i].list);
	}
}

static void
test_none(void **state)
{
	g_autoptr(GArray) none = network_parse_list("none", NULL);
	g_autoptr(GError) error = NULL;

	(void)state;
	assert_non_null(none);
	assert_int_equal(none->len, 0);
	assert_null(network_parse_list("10.0.0.0/8, none", &error));
	assert_string_equal(error->message, "\"none\" stands alone");
}

static const struct {
	const char *list, *peer;
	bool inside;
} peers[] = {
	{ "192.0.2.0/24", "192.0.2.255", true },
	{ "192.0.2.0/24", "192.0.3.0", false },
	{ "10.128.0.0/9", "10.128.0.0", true },
	{ "10.128.0.0/9", "10.127.255.255", false },
	{ "0.0.0.0/0", "203.0.113.9", true },
	{ "0.0.0.0/0", "2001:db8::1", false },
	{ "::/0", "2001:db8::1", true },
	{ "::/0", "203.0.113.9", false },
	{ "2001:db8::/33", "2001:db8:7fff::1", true },
	{ "2001:db8::/33", "2001:db8:8000::1", false },
	{ "192.0.2.0/24", "::ffff:192.0.2.7", true },
	{ "::ffff:192.0.2.0/120", "192.0.2.7", true },
	{ "::ffff:192.0.2.0/120", "::ffff:192.0.2.7", true },
	{ "10.0.0.1 ,10.0.0.2,  ::1", "10.0.0.2", true },
	{ "10.0.0.1 ,10.0.0.2,  ::1", "::1", true },
	{ "10.0.0.1 ,10.0.0.2,  ::1", "10.0.0.3", false },
	{ "loopback", "127.255.0.1", true },
	{ "loopback", "::1", true },
	{ "loopback", "10.0.0.1", false },
	{ "loopback, 192.0.2.1", "192.0.2.1", true },
	{ "private", "10.255.255.255", true },
	{ "private", "172.16.0.1", true },
	{ "private", "172.31.255.255", true },
	{ "private", "172.32.0.1", false },
	{ "private", "192.168.1.1", true },
	{ "private", "192.169.0.1", false },
	{ "private", "169.254.1.1", true },
	{ "private", "127.0.0.1", true },
	{ "private", "::1", true },
	{ "private", "fd00::1", true },
	{ "private", "fe80::1", true },
	{ "private", "fec0::1", false },
	{ "private", "2001:db8::1", false },
	{ "private", "203.0.113.9", false },
	{ "private,0.0.0.0/0,::/0", "unix", false },
	{ " none ", "127.0.0.1", false },
};

static void
test_contains(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(peers); i++) {
		struct sockaddr_storage peer = make_peer(peers[i].peer, 25);
		g_autoptr(GArray) list =
		    network_parse_list(peers[i].list, NULL);

		assert_non_null(list);
		if (network_contains(list, (struct sockaddr *)&peer) !=
		    peers[i].inside)
			fail_msg("%s in %s", peers[i].peer, peers[i].list);
	}
}

static void
test_list_tells_each(void **state)
{
	g_autoptr(GError) error = NULL;

	(void)state;
	assert_null(network_parse_list(
	    "10.0.0.1/8, 10.0.0.1, nobody, ::1/129", &error));
	assert_non_null(strstr(error->message, "10.0.0.0/8"));
	assert_non_null(strstr(error->message, "; \"nobody\" is no network"));
	assert_non_null(strstr(error->message, "; \"/129\""));
}

static void
test_lists_refused(void **state)
{
	static const char *const lists[] = { "", " ", ",", "10.0.0.1,",
		"10.0.0.1;10.0.0.2", "Private", "10.0.0.1 10.0.0.2" };

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(lists); i++) {
		g_autoptr(GError) error = NULL;

		if (network_parse_list(lists[i], &error) != NULL)
			fail_msg("\"%s\" was taken", lists[i]);
		assert_non_null(error);
	}
}

static const struct {
	const char *text;
	const char *host; /* NULL: refused */
	unsigned port;
	bool loopback;
} endpoints[] = {
	{ "127.0.0.1:2525", "127.0.0.1", 2525, true },
	{ "127.8.0.1:1", "127.8.0.1", 1, true },
	{ "0.0.0.0:0", "0.0.0.0", 0, false },
	{ "[::1]:65535", "::1", 65535, true },
	{ "[::]:25", "::", 25, false },
	{ "[2001:db8::1]:25", "2001:db8::1", 25, false },
	{ "[::ffff:127.0.0.1]:25", "127.0.0.1", 25, true },
	{ "localhost:2525", "127.0.0.1", 2525, true },
	{ "127.0.0.1", NULL, 0, false },
	{ "127.0.0.1:", NULL, 0, false },
	{ "127.0.0.1:65536", NULL, 0, false },
	{ "127.0.0.1:-1", NULL, 0, false },
	{ "127.0.0.1:+1", NULL, 0, false },
	{ "127.0.0.1:smtp", NULL, 0, false },
	{ "127.0.0.1: 25", NULL, 0, false },
	{ ":25", NULL, 0, false },
	{ "25", NULL, 0, false },
	{ "*:25", NULL, 0, false },
	{ "::1:25", NULL, 0, false },
	{ "[::1]", NULL, 0, false },
	{ "[::1]25", NULL, 0, false },
	{ "[::1:25", NULL, 0, false },
	{ "[127.0.0.1]:25", NULL, 0, false },
	{ "[localhost]:25", NULL, 0, false },
	{ "mail.example.com:25", NULL, 0, false },
	{ "[]:25", NULL, 0, false },
	{ "[:25", NULL, 0, false },
	{ ":", NULL, 0, false },
	{ "", NULL, 0, false },
};

static void
test_endpoints(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(endpoints); i++) {
		const char *text = endpoints[i].text;
		struct sockaddr_storage address;
		struct sockaddr *peer = (struct sockaddr *)&address;
		socklen_t length = 0;
		g_autoptr(GError) error = NULL;
		char host[NETWORK_PEER_LENGTH];
		bool done =
		    network_parse_endpoint(text, &address, &length, &error);

		if (done != (endpoints[i].host != NULL))
			fail_msg(
			    "%s: %s", text, done ? "taken" : error->message);
		if (!done)
			continue;
		network_print_peer(peer, host);
		assert_string_equal(host, endpoints[i].host);
		assert_int_equal(network_port(peer), endpoints[i].port);
		assert_int_equal(
		    network_is_loopback(peer), endpoints[i].loopback);
		assert_int_equal(length, peer->sa_family == AF_INET
					     ? sizeof(struct sockaddr_in)
					     : sizeof(struct sockaddr_in6));
	}
}

/* What can be listened on, and how it is shown; NULL: nothing is. */
static const struct {
	const char *text, *shown;
	const char *error; /* says this */
} listeners[] = {
	{ "127.0.0.1:25", "127.0.0.1:25", NULL },
	{ "localhost:25", "127.0.0.1:25", NULL },
	{ "[::1]:0", "[::1]:0", NULL },
	{ "[fe80::1%lo]:25", "[fe80::1%lo]:25", NULL },
	{ "[fe80::1%1]:25", "[fe80::1%lo]:25", NULL },
	{ "[fe80::1%4000000000]:25", "[fe80::1%4000000000]:25", NULL },
	{ "unix:/run/smtp", "unix:/run/smtp", NULL },
	{ "[fe80::1]:25", NULL, "name its interface" },
	{ "[fe80::1%]:25", NULL, "no network interface" },
	{ "[fe80::1%0]:25", NULL, "no network interface" },
	{ "[fe80::1%no-such]:25", NULL, "no network interface" },
	{ "[2001:db8::1%lo]:25", NULL, "not link-local" },
	{ "127.0.0.1%lo:25", NULL, "no address to listen on" },
	{ "unix:", NULL, "absolute" },
	{ "unix:/", NULL, "absolute" },
	{ "unix:run/smtp", NULL, "absolute" },
	{ "unix:/run/", NULL, "absolute" },
	{ "Unix:/run/smtp", NULL, "no address to listen on" },
};

static void
test_listeners(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(listeners); i++) {
		const char *text = listeners[i].text;
		struct sockaddr_storage address;
		socklen_t length = 0;
		g_autoptr(GError) error = NULL;
		char shown[NETWORK_LISTENER_LENGTH];
		bool done =
		    network_parse_listener(text, &address, &length, &error);

		if (done != (listeners[i].error == NULL) ||
		    (!done && !strstr(error->message, listeners[i].error)))
			fail_msg(
			    "%s: %s", text, done ? "taken" : error->message);
		if (!done)
			continue;
		network_print_listener((struct sockaddr *)&address, shown);
		assert_string_equal(shown, listeners[i].shown);
		assert_true(length > sizeof(sa_family_t));
	}
}

/* A path has an end, be it the longest or too long. */
static void
test_listener_length(void **state)
{
	for (unsigned length = 105; length < 112; length++) {
		g_autofree char *path = g_strnfill(length, 'x');
		g_autofree char *text = g_strconcat("unix:/", path, NULL);
		struct sockaddr_storage address;
		socklen_t size;
		char shown[NETWORK_LISTENER_LENGTH];
		bool done = network_parse_listener(text, &address, &size, NULL);

		(void)state;
		/* one for the slash, one for the end */
		assert_int_equal(done,
		    length + 2 <= sizeof(((struct sockaddr_un *)0)->sun_path));
		if (!done)
			continue;
		network_print_listener((struct sockaddr *)&address, shown);
		assert_string_equal(shown, text);
	}
}

/* The word is for who comes by a Unix socket, and nobody else. */
static void
test_unix_word(void **state)
{
	GArray *sockets = network_parse_list("unix", NULL);
	GArray *hosts = network_parse_list("127.0.0.1, ::1", NULL);
	struct sockaddr_un local = { .sun_family = AF_UNIX };
	struct sockaddr_in host = { .sin_family = AF_INET };
	struct sockaddr_in6 host6 = { .sin6_family = AF_INET6 };

	(void)state;
	assert_true(network_contains(sockets, (struct sockaddr *)&local));
	assert_false(network_contains(sockets, (struct sockaddr *)&host));
	assert_false(network_contains(sockets, (struct sockaddr *)&host6));
	assert_false(network_contains(hosts, (struct sockaddr *)&local));
	assert_false(network_contains(NULL, (struct sockaddr *)&local));
	g_array_unref(sockets);
	g_array_unref(hosts);
}

static void
test_unix(void **state)
{
	struct sockaddr_un peer = { .sun_family = AF_UNIX };
	char host[NETWORK_PEER_LENGTH];

	(void)state;
	network_print_peer((struct sockaddr *)&peer, host);
	assert_string_equal(host, "unix");
	assert_true(network_is_loopback((struct sockaddr *)&peer));
	assert_int_equal(network_port((struct sockaddr *)&peer), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_private),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_contains),
		cmocka_unit_test(test_list_tells_each),
		cmocka_unit_test(test_lists_refused),
		cmocka_unit_test(test_endpoints),
		cmocka_unit_test(test_listeners),
		cmocka_unit_test(test_listener_length),
		cmocka_unit_test(test_unix_word),
		cmocka_unit_test(test_unix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
