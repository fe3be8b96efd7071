/* SPDX-License-Identifier: MIT */
/*
 * Mail must not go in a circle: an upstream server that is one of our own
 * listeners gives back what it is given.  What no look at the settings and at
 * DNS finds (a name behind a proxy, or one that changes later) is found by the
 * mail itself: by the server's name, and by ours that the limiter counts.
 */
#ifndef CIRCLE_H
#define CIRCLE_H

#include "core/config.h"

struct addrinfo;

/* As getaddrinfo(). */
typedef int (*circle_lookup_fn)(const char *host, const char *service,
    const struct addrinfo *hints, struct addrinfo **result);

/* Adds an error (char *) for each SMTP provider whose host and port are those
 * of a listener.  Asks no DNS. */
void circle_check(const struct config *config, GPtrArray *errors);

/* The same of names that DNS must be asked for: those with the port of a
 * listener, so that few settings wait for it.  Who cannot be found is none of
 * ours.  Blocks. */
void circle_resolve(
    const struct config *config, circle_lookup_fn lookup, GPtrArray *errors);

#endif
