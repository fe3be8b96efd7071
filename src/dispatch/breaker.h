/* SPDX-License-Identifier: MIT */
/*
 * A breaker keeps a provider that just failed from being asked for every mail:
 *
 *	CLOSED --failure--> OPEN --its time is over, one mail--> PROBING
 *	   ^                 ^                                   |     |
 *	   |                 '-------------failure---------------'     |
 *	   '-------------------------success---------------------------'
 *
 * Pure: time and randomness come in as arguments.  Each attempt remembers at
 * which opening it was begun: what comes of one that was begun before the
 * breaker opened is old news and changes nothing, so that twenty requests which
 * fail together are one failure.
 */
#ifndef DISPATCH_BREAKER_H
#define DISPATCH_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

enum breaker_state {
	BREAKER_CLOSED,  /* the provider is asked */
	BREAKER_OPEN,    /* it is not asked before until_ms */
	BREAKER_PROBING, /* one mail is under way to see whether it is back */
};

struct breaker {
	enum breaker_state state;
	unsigned opening;  /* how often it opened */
	int64_t opened_ms; /* monotonic */
	int64_t until_ms;  /* monotonic */
	int64_t pause_ms;  /* the last pause, before jitter; 0: none yet */
};

struct breaker_limits {
	int64_t pause_min_ms, pause_max_ms; /* doubled from min to max */
};

/* When something was learnt. */
struct breaker_moment {
	int64_t now_ms; /* monotonic */
	double random;  /* 0 to 1: spreads the pauses */
};

/* True when a mail may be sent at now. */
bool breaker_allows(const struct breaker *breaker, int64_t now_ms);

/* A mail is being sent, allowed by the above: an open breaker starts probing.
 * Returns the opening it was begun at. */
unsigned breaker_begin(struct breaker *breaker);

/* True when it opened since that opening: what was begun then would not be
 * begun now. */
bool breaker_opened_since(const struct breaker *breaker, unsigned opening);

/* The attempt begun then was answered by a provider that is well.  True when
 * this closed the breaker. */
bool breaker_success(struct breaker *breaker, unsigned opening);

/* The attempt begun then failed: opens, for a pause twice the last one, times
 * 0.8 + 0.4 * random.  True when this opened a closed one. */
bool breaker_failure(struct breaker *breaker, unsigned opening,
    const struct breaker_limits *limits, const struct breaker_moment *moment);

/* Opens it for a time that is known, whenever the attempt was begun: a throttle
 * that said when, an account that needs a person.  Never shortens a pause.
 * True when it was not open. */
bool breaker_hold(struct breaker *breaker, int64_t now_ms, int64_t pause_ms);

/* The attempt begun then told nothing of the provider: if it was the probe, the
 * next mail probes. */
void breaker_release(struct breaker *breaker, unsigned opening);

#endif
