/* SPDX-License-Identifier: MIT */
/*
 * A route names the providers a mail may go by, in the order of trying.
 * Providers are numbered as in the settings file, for all routes the same.
 * Immutable; any thread.
 */
#ifndef DISPATCH_ROUTE_H
#define DISPATCH_ROUTE_H

#include "ledger.h"
#include "plan.h"

struct route {
	char *name;
	unsigned numbers[LEDGER_PROVIDERS_MAX]; /* in the order of trying */
	unsigned count;
	int64_t give_up_ms; /* of mail that goes by it */
};

/* All providers and all routes of the config. */
struct route_map {
	GPtrArray *providers; /* struct provider *, each counted */
	GPtrArray *routes;    /* struct route *, owned */
	const struct route *usual, *reports;
};

/* True when route_map_open() would make it and every provider of the config,
 * those that no route names too, makes sense; else every error found is added
 * (char *). */
bool route_map_check(struct config *config, GPtrArray *errors);

/* Mail goes by [route default], without any route by all providers in the order
 * of the file; our own reports by bounce_route, or as mail does.  NULL and
 * error when a name is of nothing that is there, or no provider is set
 * (config_read() refuses one named twice). */
struct route_map *route_map_open(struct config *config, GError **error);
void route_map_free(struct route_map *map);

struct provider *route_map_provider(
    const struct route_map *map, unsigned number);

/* The route of that mail. */
const struct route *route_map_choose(
    const struct route_map *map, const struct submission *submission);

/* The order of trying for a mail with these plans, one per provider: those that
 * lose nothing first, then those that lose something, else as in the route;
 * those that cannot carry it are left out.  out holds one number per provider.
 * Returns how many. */
unsigned route_order(
    const struct route *route, const struct plan *plans, unsigned *out);

#endif
