/* SPDX-License-Identifier: MIT */
/*
 * What the summary says of the routes: which mail goes by them, by whom, and
 * what is done to it.
 */
#ifndef CLI_SUMMARY_ROUTE_H
#define CLI_SUMMARY_ROUTE_H

#include "core/config.h"

void summary_route_print(const struct config *config);

#endif
