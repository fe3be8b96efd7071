/* SPDX-License-Identifier: MIT */
#include "place.h"

#include <arpa/inet.h>
#include <string.h>

/* Of an IPv6 address: those of the host within its network. */
#define HOST_BYTES 8

void
place_print(const char *peer, char out[static NETWORK_PEER_LENGTH])
{
	struct in6_addr six;

	if (inet_pton(AF_INET6, peer, &six) != 1 ||
	    IN6_IS_ADDR_LOOPBACK(&six)) {
		g_strlcpy(out, peer, NETWORK_PEER_LENGTH);
		return;
	}
	memset(six.s6_addr + sizeof(six.s6_addr) - HOST_BYTES, 0, HOST_BYTES);
	inet_ntop(AF_INET6, &six, out, NETWORK_PEER_LENGTH);
}

bool
place_is_loopback(const char *peer)
{
	struct in6_addr six;
	struct in_addr four;

	if (inet_pton(AF_INET, peer, &four) == 1)
		return ntohl(four.s_addr) >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET;
	return inet_pton(AF_INET6, peer, &six) == 1 &&
	       IN6_IS_ADDR_LOOPBACK(&six);
}

bool
place_is_counted(const char *peer)
{
	return strcmp(peer, NETWORK_PEER_UNIX) != 0 && !place_is_loopback(peer);
}
