/* SPDX-License-Identifier: MIT */
/*
 * What a mail and its route ask of the provider together.  A work thread.
 */
#ifndef DISPATCH_GROUP_OPTIONS_H
#define DISPATCH_GROUP_OPTIONS_H

#include "flight.h"

/* The options of the group's mail: those it says itself, then those of its
 * route, which our own reports do not have.  Where the route keeps mail from
 * others than some, no copy goes elsewhere either.  New; NULL: none. */
struct mail_options *group_options_make(
    const struct flight *flight, const struct flight_group *group);

#endif
