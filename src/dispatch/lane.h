/* SPDX-License-Identifier: MIT */
/*
 * A lane is one provider as the dispatcher sees it: whether it may be asked
 * (its breaker, and one per From domain it refused), how many requests it has
 * now, who waits for a free one.  The dispatch thread.
 */
#ifndef DISPATCH_LANE_H
#define DISPATCH_LANE_H

#include "breaker.h"
#include "judge.h"

struct lane_limits {
	struct breaker_limits breaker;
	int64_t account_ms;  /* an unusable account is tried again after */
	int64_t sender_ms;   /* a refused From domain is tried again after */
	int64_t throttle_ms; /* when a throttle does not say how long */
};

struct lane {
	struct provider *provider;        /* borrowed from the route */
	unsigned number;                  /* its place in the route */
	const struct lane_limits *limits; /* borrowed */
	struct breaker breaker;
	GHashTable *senders; /* From domain -> struct breaker */
	unsigned requests;   /* under way */
	GQueue waiting;      /* whoever waits for a free request */
};

/* What a settled attempt changed of the lane. */
enum lane_change {
	LANE_UNCHANGED,
	LANE_CLOSED,        /* asked no more for now */
	LANE_SENDER_CLOSED, /* not for that From domain */
	LANE_BACK,          /* asked again */
};

/* One attempt by this lane. */
struct lane_attempt {
	const char *from_domain; /* "" when there is none */
	int64_t begun_ms;        /* monotonic */
};

struct lane *lane_new(struct provider *provider, unsigned number,
    const struct lane_limits *limits);
void lane_free(struct lane *lane);

/* True when mail of that From domain may be sent by it at now. */
bool lane_allows(
    const struct lane *lane, const char *from_domain, int64_t now_ms);

/* True when a request is free. */
bool lane_has_room(const struct lane *lane);

/* Takes a request for an attempt. */
void lane_begin(struct lane *lane, const char *from_domain);

/* Gives the request back: the attempt was not made. */
void lane_cancel(struct lane *lane, const char *from_domain);

/* Gives the request back and enters what the attempt says of the provider.
 * retry_ms is the throttle's own time, 0 for none. */
enum lane_change lane_settle(struct lane *lane, enum standing standing,
    const struct lane_attempt *attempt, int64_t retry_ms);

#endif
