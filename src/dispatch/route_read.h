/* SPDX-License-Identifier: MIT */
/*
 * Reads [route NAME] into a route.  Pure.
 */
#ifndef DISPATCH_ROUTE_READ_H
#define DISPATCH_ROUTE_READ_H

#include "route.h"

/* A new route of that section, or of all providers when there is none of the
 * name; what makes no sense is told (char *), and left out of it. */
struct route *route_read(
    const struct config *config, const char *name, GPtrArray *errors);

/* A GDestroyNotify. */
void route_read_free(void *route);

/* "there are: a, b", for a name that is not among them; new. */
char *route_read_names(const char *const *names);

#endif
