/* SPDX-License-Identifier: MIT */
/*
 * The settings of a route that ask something of its providers: tags, metadata,
 * tracking, a delay, a template.  Any thread.
 */
#ifndef DISPATCH_ROUTE_OPTIONS_H
#define DISPATCH_ROUTE_OPTIONS_H

#include "route.h"

/* Reads them from the section; adds to errors (char *). */
void route_options_read(struct route *route, const struct config *config,
    const char *section, GPtrArray *errors);

/* What providers of these routes could not honour, which would keep all mail
 * from them. */
void route_options_check(const struct config *config, const GPtrArray *routes,
    const GPtrArray *providers, GPtrArray *errors);

#endif
