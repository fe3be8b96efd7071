/* SPDX-License-Identifier: MIT */
/*
 * Logs are Mailgun's events by its newer interface, POST /v1/analytics/logs:
 * JSON both ways, all domains of the account.
 */
#ifndef SIMULATE_LOGS_H
#define SIMULATE_LOGS_H

#include "door.h"
#include "house.h"

/* The answer to that body.  Notes violations. */
struct response *logs_list(
    struct house *house, struct request *request, const char *body);

#endif
