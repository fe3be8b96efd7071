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

#include "allowance.h"
#include "breaker.h"
#include "cutoff.h"
#include "gate.h"
#include "guard.h"
#include "judge.h"
#include "limit.h"
#include "mail/standing.h"
#include "senders.h"

/* How long a mail waits for a lane rather than to land. */
#define LANE_LATER_MS (10 * INT64_C(1000))

/* Throttled again and again, the pause is doubled to this; to that where the
 * provider says itself how long, which is never shortened. */
#define LANE_THROTTLE_MOST_MS (5 * 60 * INT64_C(1000))
#define LANE_TOLD_MOST_MS     (60 * INT64_C(1000))

struct lane_limits {
	struct breaker_limits breaker;
	int64_t account_ms;  /* an unusable account is tried again after */
	int64_t sender_ms;   /* a refused From domain is tried again after */
	int64_t throttle_ms; /* when a throttle does not say how long */
};

/* Who waits for a lane, in lines. */
enum lane_line {
	LANE_FRESH, /* tried for the first time */
	LANE_TRIED, /* tried in vain before */
	LANE_MOVED, /* fresh or not: another provider failed it in this round */
	LANE_LINES,
};

/* How a lane is: the word is that of standing_states. */
enum lane_mode {
	LANE_OPEN,      /* for business */
	LANE_PAUSED,    /* it failed: not asked before its time */
	LANE_PROBING,   /* a mail at a time, to see whether it is back */
	LANE_THROTTLED, /* its gate is closed */
	LANE_EXHAUSTED, /* its quota is used up, and nothing is under way */
	LANE_UNUSABLE,  /* our account there: a person has to act */
	LANE_DISTRUST,  /* it refuses everything */
	LANE_CUT_OFF,   /* this host reaches nobody */
};

/* What the log was told of a lane (bulletin.c). */
struct lane_notice {
	bool closed;       /* that it is, and not yet that it is back */
	bool hastened;     /* a good probe shortened the pause of its account */
	int64_t told_ms;   /* monotonic: of a closing, last */
	int64_t pause_ms;  /* as it was told last */
	unsigned left_out; /* closings since then, not told */
};

struct lane {
	struct provider *provider;        /* borrowed */
	unsigned number;                  /* its place in the settings */
	const struct lane_limits *limits; /* borrowed */
	int64_t apart_ms;  /* the wall clock less the monotonic one */
	unsigned requests; /* under way */

	/* what decides whether it is asked */
	struct breaker breaker;
	GHashTable *senders; /* From domain -> struct breaker */
	struct gate gate;
	struct limit limit;
	struct allowance allowance;
	struct guard guard;
	struct cutoff *cutoff; /* borrowed; NULL: it sees only this lane */
	unsigned member;       /* its number there */

	/* for people */
	enum lane_mode mode; /* as it was last seen... */
	bool troubled;       /* not open, or throttled and not back yet... */
	int64_t since_ms;    /* ...or neither, since then; monotonic */
	enum lane_mode told; /* as it was last told of (lane_change) */
	bool reserve; /* mail goes by it because those before it cannot be
		       * asked; set by who chooses the lanes */
	char *why;    /* what it said when it did not take a mail last; NULL:
		       * nothing */
	uint64_t accepted; /* recipients */
	uint64_t failed;   /* attempts of which nobody was accepted */
	struct provider_work work;
	unsigned throttles; /* in a row, none accepted in between */
	struct lane_notice notice;

	/* whoever waits for it */
	GQueue lines[LANE_LINES];
	unsigned fresh_moved; /* fresh ones in a row that moved on */
	int64_t promised_ms;  /* the turn of the last one that found no room
			       * there; monotonic, 0: none */
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
	LANE_KEEPS, /* not for now, and no other provider behind it is to be
		     * asked either (overflow = no): the mail lands, due when
		     * this one is asked again */
};

/* What changed of the lane: any of these. */
enum lane_change {
	LANE_CLOSED = 1 << 0,        /* asked no more for now */
	LANE_SENDER_CLOSED = 1 << 1, /* not for that From domain */
	LANE_BACK = 1 << 2,          /* asked again, well again */
	LANE_DISTRUSTED = 1 << 3,  /* it refuses everything: nothing it refused
				    * since it last took a mail is believed */
	LANE_BELIEVED = 1 << 4,    /* it took a mail: what it refused before is
				    * believed */
	LANE_ALL_CUT_OFF = 1 << 5, /* this host reaches nobody: all lanes are
				    * closed, none is to blame */
	LANE_ALL_CONNECTED = 1 << 6, /* it does again: all lanes may have
				      * changed */
	LANE_LONGER = 1 << 7,        /* it failed again: a new pause */
};

/* One attempt by this lane, from lane_begin() to settled or cancelled; the
 * lane's own but for copying. */
struct lane_attempt {
	const char *from_domain; /* "" when there is none; borrowed */
	struct breaker_mark mark, sender_mark;
	struct gate_pass pass;
	unsigned cuts; /* of the limit when it was begun */
	bool failover;
};

/* What came of it. */
struct lane_finding {
	enum standing standing;
	int64_t retry_ms;          /* THROTTLED, DOWN: its own time; 0: none */
	int64_t duration_ms;       /* of the exchange: slow answers count too */
	bool unreached, timed_out; /* as in struct exchange */
	unsigned accepted;         /* recipients */
	unsigned taken;   /* recipients, and those it may have taken: of the
			   * quotas */
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

/* The lane is one of those that this host may be cut off from; all join before
 * the first attempt.  Borrowed. */
void lane_join(struct lane *lane, struct cutoff *cutoff);

/* What the wall clock shows at now: for the quotas (fixed hours and days, UTC)
 * and all that people read.  To be called at first, and again now and then:
 * the clock may be set. */
void lane_clock(struct lane *lane, int64_t wall_ms, int64_t now_ms);

/* What the lane says to a mail at now.  BUSY, LATER: *when_ms is the monotonic
 * time at which that may have changed by itself, 0 when only a free request can
 * change it; at most LANE_LATER_MS from now.  CLOSED_NOW, KEEPS: the time at
 * which it is asked again, 0 when not known (a probe is under way). */
enum lane_answer lane_ask(const struct lane *lane,
    const struct lane_query *query, int64_t now_ms, int64_t *when_ms);

/* True when mail of that From domain may be sent by it at now, be it after a
 * wait for room. */
bool lane_allows(
    const struct lane *lane, const char *from_domain, int64_t now_ms);

/* True when mail of any From domain may be sent by it, as it was last seen. */
bool lane_allows_all(const struct lane *lane);

/* True when a request is free. */
bool lane_has_room(const struct lane *lane);

/* True when no more are let in to wait for it: as many do as its rate allows in
 * LANE_LATER_MS. */
bool lane_is_full(const struct lane *lane, int64_t now_ms);

/* The turn of one that found it full, behind those who were told theirs: so
 * they come back as fast as the rate allows. */
int64_t lane_promise(struct lane *lane, int64_t now_ms);

/* True, once, when nobody waits for it and it could send, while some were told
 * to come later: it got faster, and they may come now. */
bool lane_lacks(struct lane *lane, int64_t now_ms);

/* The link waits in that line, behind the others; and leaves the same. */
void lane_wait(struct lane *lane, GList *link, enum lane_line line);
void lane_leave(struct lane *lane, GList *link, enum lane_line line);

/* Whose turn it is at now, who has to leave then and to ask for himself (which
 * may come to another wait: nobody twice in one go); NULL when nobody waits, or
 * nobody's turn has come. */
GList *lane_next(struct lane *lane, int64_t now_ms);

/* How many wait. */
unsigned lane_waiting(const struct lane *lane);

/* Takes a request for an attempt at now, which lane_ask() said it TAKES. */
struct lane_attempt lane_begin(
    struct lane *lane, const struct lane_query *query, int64_t now_ms);

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

/* Its account, and the From domains it refused, are tried again from now on, by
 * one mail each. */
void lane_retry(struct lane *lane, int64_t now_ms);

/* When something changes by time alone (a pause is over, its gate opens, its
 * rate allows a mail that waits, a quota begins anew): later than now; now when
 * it has changed and no tick saw it, or somebody's turn has come; 0 when
 * nothing does.  A From domain's closing is not among it. */
int64_t lane_next_ms(const struct lane *lane, int64_t now_ms);

/* To be called at that time and after each attempt was begun: what changed by
 * time.  As lane_settle(). */
unsigned lane_tick(struct lane *lane, int64_t now_ms);

/* True when a mail has to be sent its way to see whether it is back: its pause
 * is over, or a probe went well and it takes more to believe it. */
bool lane_wants_probe(const struct lane *lane, int64_t now_ms);

/* How it is at now; and when it is asked again, 0: now, or not known. */
enum lane_mode lane_mode(const struct lane *lane, int64_t now_ms);
int64_t lane_until(const struct lane *lane, int64_t now_ms);

/* How many mails in a row it refused, none taken in between: what it refused
 * is doubtful as long as this grows. */
unsigned lane_refusals(const struct lane *lane);

/* True when it refuses everything: no refusal of it is believed. */
bool lane_is_distrusted(const struct lane *lane);

#endif
