/* SPDX-License-Identifier: MIT */
/*
 * A lane is one provider as the dispatcher sees it: whether it may be asked
 * now (its breaker, and one per From domain it refused; its gate; how many
 * requests it bears; what its settings allow; how much of what failed elsewhere
 * it takes), who waits for it, whether it is to be believed.  Pure: time and
 * randomness come in as arguments; the dispatch thread.
 */
#ifndef DISPATCH_LANE_H
#define DISPATCH_LANE_H

#include "breaker.h"
#include "judge.h"

/* From domains a lane remembers to be refused; of more, those whose time is
 * over are forgotten, and when there are none, no more are taken in. */
#define LANE_SENDERS_MAX 1000

/* The longest a throttle's own time is believed. */
#define LANE_THROTTLE_MAX_MS (60 * 60 * INT64_C(1000))

struct lane_limits {
	struct breaker_limits breaker;
	int64_t account_ms;  /* an unusable account is tried again after */
	int64_t sender_ms;   /* a refused From domain is tried again after */
	int64_t throttle_ms; /* when a throttle does not say how long */
};

struct lane {
	struct provider *provider;        /* borrowed */
	unsigned number;                  /* its place in the settings */
	const struct lane_limits *limits; /* borrowed */
	struct breaker breaker;
	GHashTable *senders; /* From domain -> struct breaker */
	unsigned requests;   /* under way */

	/* whoever waits for a free request */
	GQueue fresh, tried;
	unsigned fresh_moved; /* fresh ones in a row that moved on */
};

/* Of those that move on when both wait, one in so many was tried before: a
 * backlog gets some of a lane, never all of it. */
#define LANE_TRIED_EACH 4

/* Of a mail that wants to go by the lane. */
struct lane_query {
	const char *from_domain; /* "" when there is none; borrowed */
	bool failover; /* another provider was tried for it in this round */
	unsigned recipients; /* how many would be sent to: for the quotas */
};

/* What the lane says to it. */
enum lane_answer {
	LANE_TAKES, /* now */
	LANE_BUSY,  /* as soon as it can (a request is free, its rate allows
		     * it, or its gate opens where overflow = no): to be
		     * waited for, ahead of all other providers */
	LANE_LATER, /* within seconds: to be waited for when no other
		     * provider takes it sooner */
	LANE_CLOSED_NOW, /* not for now: of no use in this round */
};

/* What changed of the lane: any of these. */
enum lane_change {
	LANE_CLOSED = 1 << 0,        /* asked no more for now */
	LANE_SENDER_CLOSED = 1 << 1, /* not for that From domain */
	LANE_BACK = 1 << 2,          /* asked again, well again */
	LANE_DISTRUSTED = 1 << 3, /* it refuses everything: nothing it refused
				   * since it last took a mail is believed */
	LANE_BELIEVED = 1 << 4,   /* it took a mail: what it refused before is
				   * believed */
};

/* One attempt by this lane, from lane_begin() to settled or cancelled. */
struct lane_attempt {
	const char *from_domain; /* "" when there is none; borrowed */
	unsigned opening;        /* of the breaker it was begun at */
	unsigned sender_opening; /* of the From domain's; 0: it had none */
};

/* What came of it. */
struct lane_finding {
	enum standing standing;
	int64_t retry_ms;    /* THROTTLED: the provider's own time; 0: none */
	int64_t duration_ms; /* of the exchange: slow answers count too */
	bool unreached, timed_out; /* as in struct exchange */
	unsigned accepted;         /* recipients */
	unsigned refused; /* recipients, refused by a verdict that another mail
			   * could get as well: a suppression is none */
	uint64_t mail;   /* digests, to tell one from another: of the mail... */
	uint64_t sender; /* ...its envelope sender... */
	uint64_t domain; /* ...and the domain of its first recipient */
	const char *text; /* what it said; borrowed; NULL: nothing */
	struct breaker_moment moment;
};

struct lane *lane_new(struct provider *provider, unsigned number,
    const struct lane_limits *limits);
void lane_free(struct lane *lane);

/* What the lane says to a mail at now.  BUSY, LATER: *when_ms is the monotonic
 * time at which that may have changed by itself, 0 when only a free request can
 * change it.  CLOSED_NOW: the time at which it is asked again, 0 when not
 * known. */
enum lane_answer lane_ask(const struct lane *lane,
    const struct lane_query *query, int64_t now_ms, int64_t *when_ms);

/* True when mail of that From domain may be sent by it at now. */
bool lane_allows(
    const struct lane *lane, const char *from_domain, int64_t now_ms);

/* True when mail of any From domain may be sent by it. */
bool lane_allows_all(const struct lane *lane);

/* True when a request is free. */
bool lane_has_room(const struct lane *lane);

/* The link waits for a free request, behind those of its kind; and leaves. */
void lane_wait(struct lane *lane, GList *link, bool tried);
void lane_leave(struct lane *lane, GList *link, bool tried);

/* Whose turn it is, who has to leave then; NULL when nobody waits. */
GList *lane_next(struct lane *lane);

/* How many wait. */
unsigned lane_waiting(const struct lane *lane);

/* Takes a request for an attempt, allowed by both of the above. */
struct lane_attempt lane_begin(struct lane *lane, const char *from_domain);

/* True when the lane was closed to it after it was begun: not worth sending any
 * more. */
bool lane_closed_since(
    const struct lane *lane, const struct lane_attempt *attempt);

/* Gives the request back: the attempt was not made. */
void lane_cancel(struct lane *lane, const struct lane_attempt *attempt);

/* Gives the request back and enters what the attempt says of the provider.
 * Returns what changed (enum lane_change), 0 for nothing. */
unsigned lane_settle(struct lane *lane, const struct lane_attempt *attempt,
    const struct lane_finding *finding);

#endif
