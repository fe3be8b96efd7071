/* SPDX-License-Identifier: MIT */
/*
 * Groups: the recipients of a flight that go by one route, in one way.  A work
 * thread.
 */
#ifndef DISPATCH_GROUP_H
#define DISPATCH_GROUP_H

#include "flight.h"

/* Makes the groups of a flight that has its ledger and its hints, with the
 * plans and the order of each. */
void group_make(struct flight *flight, const struct route_map *map);

/* Has a delivery of the group look as it leaves by that provider. */
void group_dress(const struct flight *flight, const struct flight_group *group,
    const struct provider *provider, struct delivery *delivery);

void group_clear(struct flight_group *group);

#endif
