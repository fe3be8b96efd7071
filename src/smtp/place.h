/* SPDX-License-Identifier: MIT */
/*
 * Where a client comes from, as whatever is counted per client counts it: an
 * address, or the /64 it is of, as a host of an IPv6 network has as many
 * addresses there as it likes.  Pure; any thread.
 */
#ifndef SMTP_PLACE_H
#define SMTP_PLACE_H

#include "core/network.h"
#include <stdbool.h>

/* Writes the place of the peer, an address as network_print_peer() has it. */
void place_print(const char *peer, char out[static NETWORK_PEER_LENGTH]);

/* True when the peer is on this host, by its address. */
bool place_is_loopback(const char *peer);

/* True when failures are counted by it: one broken program on our own host must
 * not lock the others out. */
bool place_is_counted(const char *peer);

#endif
