/* SPDX-License-Identifier: MIT */
/*
 * Domains are what Mailgun tells of a sending domain when it is asked: its
 * state, its DNS records, its queue.
 */
#ifndef SIMULATE_DOMAINS_H
#define SIMULATE_DOMAINS_H

#include "house.h"
#include "response.h"

/* True when the house has the domain, now. */
bool domains_has(struct house *house, const char *domain);

/* GET /v4/domains/DOMAIN */
struct response *domains_describe(struct house *house, const char *domain);

/* GET /v3/domains/DOMAIN/sending_queues */
struct response *domains_queues(struct house *house);

#endif
