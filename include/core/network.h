/* SPDX-License-Identifier: MIT */
/*
 * Addresses of hosts: networks to allow (CIDR) and endpoints to listen on.
 * Plain values; any thread.
 */
#ifndef CORE_NETWORK_H
#define CORE_NETWORK_H

#include <glib.h>
#include <stdbool.h>
#include <sys/socket.h>

struct network {
	int family; /* AF_INET, AF_INET6; AF_UNIX: every Unix socket */
	unsigned char bytes[16];
	unsigned prefix; /* bits that count */
};

/* Length of the buffer network_print_peer() fills, with its NUL. */
#define NETWORK_PEER_LENGTH 64

/* The same for network_print_listener(). */
#define NETWORK_LISTENER_LENGTH 128

/* So begins an endpoint that is a Unix socket; its path follows. */
#define NETWORK_UNIX "unix:"

/* Reads "192.0.2.0/24", "::1" or a bare address (whole).  Host bits set are an
 * error that says the network meant.  The words "private" (RFC 1918, fc00::/7,
 * link-local, loopback), "loopback" and "unix" (whoever comes by a Unix socket)
 * are read by network_parse_list(). */
bool network_parse(const char *text, struct network *out, GError **error);

/* Reads a comma-separated list of networks into an array of struct network, of
 * none for the word "none"; NULL and an error that tells of each that is no
 * network. */
GArray *network_parse_list(const char *text, GError **error);

/* True when all of it is what the words "private" and "unix" stand for. */
bool network_is_private(const struct network *network);

/* True when one of the networks (GArray of struct network) contains the
 * address; ::ffff:a.b.c.d counts as IPv4.  No networks (NULL) contain nobody.
 */
bool network_contains(const GArray *networks, const struct sockaddr *peer);

/* The same of what network_print_peer() wrote; whoever came by a Unix socket is
 * contained. */
bool network_contains_peer(const GArray *networks, const char *peer);

/* Reads "127.0.0.1:2525", "[::1]:2525" or "localhost:2525" (loopback only, no
 * DNS); port 0 is allowed: the system picks one. */
bool network_parse_endpoint(const char *text, struct sockaddr_storage *out,
    socklen_t *length, GError **error);

/* Reads what can be listened on: as above, a link-local address with the
 * interface it is of ("[fe80::1%eth0]:25"), or "unix:" and an absolute path. */
bool network_parse_listener(const char *text, struct sockaddr_storage *out,
    socklen_t *length, GError **error);

/* Writes an address as network_parse_listener() reads it. */
void network_print_listener(
    const struct sockaddr *address, char out[static NETWORK_LISTENER_LENGTH]);

/* True when the address is of 127.0.0.0/8, ::1, or a Unix socket. */
bool network_is_loopback(const struct sockaddr *peer);

/* Of whoever came by a Unix socket. */
#define NETWORK_PEER_UNIX "unix"

/* Writes the bare address ("192.0.2.1", "2001:db8::1", NETWORK_PEER_UNIX). */
void network_print_peer(
    const struct sockaddr *peer, char out[static NETWORK_PEER_LENGTH]);

/* The port of an AF_INET or AF_INET6 address, in host order; else 0. */
unsigned network_port(const struct sockaddr *peer);

#endif
