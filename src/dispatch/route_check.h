/* SPDX-License-Identifier: MIT */
/*
 * What must be true of the routes among each other, and of the names in them.
 * Pure.
 */
#ifndef DISPATCH_ROUTE_CHECK_H
#define DISPATCH_ROUTE_CHECK_H

#include "mail/hints.h"
#include "route.h"

#define ROUTE_DEFAULT HINTS_ROUTE_DEFAULT

/* What reports go by; NULL: as mail does. */
const char *route_check_reports(const struct config *config);

/* What is wrong with the routes (struct route *) beside what reading them told
 * is added (char *). */
void route_check_all(
    const struct config *config, const GPtrArray *routes, GPtrArray *errors);

/* The same with the providers (struct provider *) opened. */
void route_check_domains(const struct config *config, const GPtrArray *routes,
    const GPtrArray *providers, GPtrArray *errors);

#endif
