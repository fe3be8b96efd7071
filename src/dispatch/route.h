/* SPDX-License-Identifier: MIT */
/*
 * A route names the providers a mail may go by, in the order of trying.
 * Immutable; any thread.
 */
#ifndef DISPATCH_ROUTE_H
#define DISPATCH_ROUTE_H

#include "plan.h"

struct route {
	char *name;
	GPtrArray *providers; /* struct provider *, each counted */
};

/* True when route_open() would make it and every provider of the config, those
 * that the route leaves out too, makes sense; else every error found is added
 * (char *). */
bool route_check(struct config *config, GPtrArray *errors);

/* The route of the config: [route default], or without any route all
 * providers in the order of the file.  NULL and error when it names a provider
 * that is not there, or none is set (config_read() refuses one named twice). */
struct route *route_open(struct config *config, GError **error);
void route_free(struct route *route);

/* The provider's number in the route is its place in `providers`. */
struct provider *route_provider(const struct route *route, unsigned number);

/* The order of trying for a mail with these plans, one per provider: those that
 * lose nothing first, then those that lose something, else as in the route;
 * those that cannot carry it are left out.  out holds one number per provider.
 * Returns how many. */
unsigned route_order(
    const struct route *route, const struct plan *plans, unsigned *out);

#endif
