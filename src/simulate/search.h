/* SPDX-License-Identifier: MIT */
/*
 * Search is how Mandrill tells which mail it took: messages/search and
 * messages/info.
 */
#ifndef SIMULATE_SEARCH_H
#define SIMULATE_SEARCH_H

#include "aftermath.h"
#include "catalog.h"
#include "door.h"
#include "house.h"

/* The answers to these documents.  Notes violations. */
struct response *search_messages(
    struct house *house, struct request *request, struct json_object *json);
struct response *search_info(
    struct house *house, struct request *request, struct json_object *json);

/* One event of a mail that can be found, as webhooks have it. */
struct json_object *search_print_event(
    const struct hit *hit, const struct aftermath *step);

#endif
