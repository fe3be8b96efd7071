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
	int family; /* AF_INET or AF_INET6 */
	unsigned char bytes[16];
	unsigned prefix; /* bits that count */
};

/* Length of the buffer network_print_peer() fills, with its NUL. */
#define NETWORK_PEER_LENGTH 64

/* Reads "192.0.2.0/24", "::1" or a bare address (whole).  Host bits set are an
 * error that says the network meant.  The words "private" (RFC 1918, fc00::/7,
 * link-local, loopback) and "loopback" are read by network_parse_list(). */
bool network_parse(const char *text, struct network *out, GError **error);

/* Reads a comma-separated list of networks into an array of struct network;
 * NULL and an error that tells of each that is none. */
GArray *network_parse_list(const char *text, GError **error);

/* True when one of the networks (GArray of struct network) contains the
 * address; ::ffff:a.b.c.d counts as IPv4. A Unix socket is never contained. */
bool network_contains(const GArray *networks, const struct sockaddr *peer);

/* Reads "127.0.0.1:2525", "[::1]:2525" or "localhost:2525" (loopback only, no
 * DNS); port 0 is allowed: the system picks one. */
bool network_parse_endpoint(const char *text, struct sockaddr_storage *out,
    socklen_t *length, GError **error);

/* True when the address is of 127.0.0.0/8, ::1, or a Unix socket. */
bool network_is_loopback(const struct sockaddr *peer);

/* Writes the bare address ("192.0.2.1", "2001:db8::1", "unix"). */
void network_print_peer(
    const struct sockaddr *peer, char out[static NETWORK_PEER_LENGTH]);

/* The port of an AF_INET or AF_INET6 address, in host order; else 0. */
unsigned network_port(const struct sockaddr *peer);

#endif
