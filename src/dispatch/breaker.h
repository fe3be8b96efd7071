/* SPDX-License-Identifier: MIT */
/*
 * A breaker keeps a provider that just failed from being asked for every mail:
 *
 *	CLOSED --failure--> OPEN --its time is over, one mail--> PROBING
 *	   ^                 ^                                   |     |
 *	   |                 '-------------failure---------------'     |
 *	   '-------------------------success---------------------------'
 *
 * Pure: time and randomness come in as arguments.  What an attempt came to that
 * was begun before the breaker opened is old news and changes nothing.
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
	int64_t opened_ms; /* monotonic */
	int64_t until_ms;  /* monotonic */
	int64_t pause_ms;  /* the last pause, before jitter; 0: none yet */
};

struct breaker_limits {
	int64_t pause_min_ms, pause_max_ms; /* doubled from min to max */
};

/* True when a mail may be sent at now. */
bool breaker_allows(const struct breaker *breaker, int64_t now_ms);

/* A mail is being sent, allowed by the above: an open breaker starts probing.
 */
void breaker_begin(struct breaker *breaker);

/* The attempt begun then was answered by a provider that is well.  True when
 * this closed the breaker. */
bool breaker_success(struct breaker *breaker, int64_t begun_ms);

/* The attempt begun then failed: opens, for a pause twice the last one, times
 * 0.8 + 0.4 * random (0 to 1).  True when this opened it. */
bool breaker_failure(struct breaker *breaker, int64_t begun_ms, int64_t now_ms,
    const struct breaker_limits *limits, double random);

/* Opens it for a time that is known: a throttle that said when, an account that
 * needs a person.  Never shortens a pause.  True when it was not open. */
bool breaker_hold(struct breaker *breaker, int64_t now_ms, int64_t pause_ms);

/* A probe that told nothing of the provider: the next mail probes. */
void breaker_release(struct breaker *breaker);

#endif
