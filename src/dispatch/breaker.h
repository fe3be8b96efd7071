/* SPDX-License-Identifier: MIT */
/*
 * A breaker keeps a provider that fails from being asked for every mail:
 *
 *	CLOSED --too many failures--> OPEN --its time is over, one mail-->
 *PROBING ^                           ^                                 |  |  |
 *	   |                           |<-------------failure------------'  |  |
 *	   |                           '------success, not the last needed--'  |
 *	   '--------------------the last success needed------------------------'
 *
 * It opens on BREAKER_FAILURES failures in a row, on half of BREAKER_CALLS or
 * more within a minute, or when nearly all of those were slow; at once where
 * nothing came back until the time to connect was over, so that nobody waits
 * for that twice.  Each time it fails again its pause is twice as long.  Three
 * openings in ten minutes are flapping: then it rests for a minute at least.
 *
 * Pure: time and randomness come in as arguments.  Each attempt remembers at
 * which opening it was begun: what comes of one that was begun before the
 * breaker opened is old news and changes nothing.  And of those under way when
 * a well provider first fails, all that fail with the first one are one
 * failure, unless they timed out: those had their time each.
 */
#ifndef DISPATCH_BREAKER_H
#define DISPATCH_BREAKER_H

#include "tally.h"

#include <stdbool.h>

#define BREAKER_FAILURES      5  /* in a row */
#define BREAKER_CALLS         10 /* in a minute, before parts are counted */
#define BREAKER_FAILED_PART   50 /* percent of them */
#define BREAKER_SLOW_PART     80
#define BREAKER_SLOW_MS       INT64_C(20000) /* an answer is slow after */
#define BREAKER_SUCCESSES     3              /* in a row close it */
#define BREAKER_FLAPS         3              /* openings... */
#define BREAKER_FLAP_MS       (10 * 60 * INT64_C(1000)) /* ...within this... */
#define BREAKER_FLAP_PAUSE_MS (60 * INT64_C(1000))      /* ...rest so long */

enum breaker_state {
	BREAKER_CLOSED,  /* the provider is asked */
	BREAKER_OPEN,    /* it is not asked before until_ms */
	BREAKER_PROBING, /* one mail is under way to see whether it is back */
};

/* Why it is not closed. */
enum breaker_reason {
	BREAKER_FAILED,   /* outages and doubts */
	BREAKER_CUT_OFF,  /* held: this host reaches nobody */
	BREAKER_SENDER,   /* held: the provider refuses a From domain */
	BREAKER_ACCOUNT,  /* held: it refuses our account */
	BREAKER_DISTRUST, /* held: it refuses everything */
};

/* When an attempt was begun, as the breaker counts. */
struct breaker_mark {
	unsigned opening; /* how often it had opened */
	unsigned onset;   /* how often a first failure had come */
};

struct breaker {
	enum breaker_state state;
	enum breaker_reason reason;
	struct breaker_mark mark;
	int64_t opened_ms; /* monotonic */
	int64_t until_ms;  /* monotonic */
	int64_t pause_ms;  /* the last pause, before jitter; 0: none yet */
	unsigned needed;   /* successes in a row that close it */

	/* while it is closed */
	unsigned failures; /* in a row */
	struct tally calls, failed, slow;

	/* when failures opened it last, oldest first; 0: not so often */
	int64_t flaps_ms[BREAKER_FLAPS];
};

struct breaker_limits {
	int64_t pause_min_ms, pause_max_ms; /* doubled from min to max */
};

/* When something was learnt. */
struct breaker_moment {
	int64_t now_ms; /* monotonic */
	double random;  /* 0 to 1: spreads the pauses */
};

/* What was learnt then. */
struct breaker_news {
	struct breaker_moment moment;
	bool slow;      /* the answer took longer than BREAKER_SLOW_MS */
	bool timed_out; /* there was none in time... */
	bool unreached; /* ...not even a connection */
};

/* True when a mail may be sent at now. */
bool breaker_allows(const struct breaker *breaker, int64_t now_ms);

/* A mail is being sent, allowed by the above: an open breaker starts probing.
 * Returns when it was begun. */
struct breaker_mark breaker_begin(struct breaker *breaker);

/* True when it opened since then: what was begun then would not be begun
 * now. */
bool breaker_opened_since(
    const struct breaker *breaker, const struct breaker_mark *mark);

/* The attempt begun then was answered by a provider that is well.  True when
 * this closed the breaker; it may also have opened it, by being slow. */
bool breaker_success(struct breaker *breaker, const struct breaker_mark *mark,
    const struct breaker_limits *limits, const struct breaker_news *news);

/* The attempt begun then failed: opens when that is one too many or a probe
 * failed, for a pause twice the last one, times 0.8 + 0.4 * random.  True when
 * this opened a closed one. */
bool breaker_failure(struct breaker *breaker, const struct breaker_mark *mark,
    const struct breaker_limits *limits, const struct breaker_news *news);

/* Opens it for a time that is known, whenever the attempt was begun: an account
 * that needs a person.  Never shortens a pause; one success closes it unless
 * it had failed before. */
void breaker_hold(struct breaker *breaker, enum breaker_reason reason,
    int64_t now_ms, int64_t pause_ms);

/* The attempt begun then told nothing of the provider: if it was the probe, the
 * next mail probes. */
void breaker_release(struct breaker *breaker, const struct breaker_mark *mark);

/* Closes it, as if nothing had been. */
void breaker_close(struct breaker *breaker);

#endif
