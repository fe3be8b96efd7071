/* SPDX-License-Identifier: MIT */
/*
 * A flight is one mail in the hands of dispatch: its message, its ledger, its
 * plans, and the one attempt that may be under way.  It belongs to the
 * dispatch thread; while it is ENCODING its delivery, plan and exchange belong
 * to a work thread.
 *
 *	NEW -> QUEUED -> ENCODING -> SENDING -> (next provider, or answered)
 *	                                 '-> FROZEN (a doubt is waited out)
 */
#ifndef DISPATCH_FLIGHT_H
#define DISPATCH_FLIGHT_H

#include "core/loop.h"
#include "lane.h"
#include "route.h"

struct dispatcher;

enum flight_state {
	FLIGHT_NEW,      /* nothing is under way */
	FLIGHT_QUEUED,   /* waits for a free request of its lane */
	FLIGHT_ENCODING, /* a work thread makes the request */
	FLIGHT_SENDING,  /* the request is under way */
	FLIGHT_FROZEN,   /* waits until a doubt has been waited out */
};

struct flight {
	struct letter letter;
	struct dispatcher *dispatcher;
	struct message *message; /* counted */
	struct ledger *ledger;
	struct plan *plans; /* one per provider of the route */
	unsigned order[LEDGER_PROVIDERS_MAX];
	unsigned order_count;
	char *from_domain; /* of the From field, "" when there is none */

	/* the attempt under way */
	enum flight_state state;
	unsigned provider; /* its number in the route */
	struct delivery *delivery;
	struct plan plan;
	struct exchange *exchange;
	GError *error; /* encode failed */
	struct lane_attempt attempt;
	unsigned attempts;
	uint32_t skipped; /* providers told of as not asked */

	/* the dispatch thread's own */
	struct loop_timer *timer; /* the deadline, or the end of a doubt */
	bool answered;
	GString *story; /* for people: what was tried */
	GList link;     /* in the dispatcher's list */
	GList waiting;  /* in its lane's queue */
};

/* Plans the message for every provider of the route; takes the message over.
 * A work thread. */
struct flight *flight_new(struct message *message, const struct route *route);

/* Makes plan and request of the delivery: sets plan, exchange or error.  A work
 * thread. */
void flight_encode(struct flight *flight, const struct provider *provider);

/* Forgets the attempt that is over. */
void flight_clear(struct flight *flight);

void flight_free(struct flight *flight);

#endif
