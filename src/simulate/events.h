/* SPDX-License-Identifier: MIT */
/*
 * Events are how Mailgun tells which mail it took, by two interfaces: GET
 * /v3/DOMAIN/events with its pages, and POST /v1/analytics/logs.  For each
 * recipient there is one "accepted", and in the end mostly one "delivered"
 * (aftermath.h).
 */
#ifndef SIMULATE_EVENTS_H
#define SIMULATE_EVENTS_H

#include "aftermath.h"
#include "catalog.h"
#include "door.h"
#include "house.h"

/* The answer for a domain the house has; page: what stands behind events/ in
 * the path, NULL: nothing.  Notes violations. */
struct response *events_list(struct house *house, struct request *request,
    const char *domain, const char *page);

/* One event as the list and webhooks have it. */
struct json_object *events_print(
    const struct hit *hit, const struct aftermath *step);

/* What the events of a mail say of it; used by both interfaces. */
struct json_object *events_message(const struct entry *entry);

/* True when the value of a filter is this text: "a OR b", in quotes or not. */
bool events_match(const char *expression, const char *text);

#endif
