/* SPDX-License-Identifier: MIT */
/*
 * What the files of the dispatcher share: the dispatcher itself, and the steps
 * of a flight.  The dispatch thread, but where it says otherwise.
 */
#ifndef DISPATCH_STATE_H
#define DISPATCH_STATE_H

#include "alarms.h"
#include "clockwatch.h"
#include "courtesy.h"
#include "dispatch/dispatcher.h"
#include "flight.h"
#include "hearsay.h"
#include "known.h"
#include "lane.h"
#include "memory.h"
#include "patience.h"
#include "schedule.h"

#include <stdatomic.h>

/* What is in the way of more bounces than a minute may have. */
struct report_count {
	int64_t minute_ms; /* monotonic: when it began */
	unsigned made;
	uint64_t waiting; /* for the minutes that follow */
	bool told;        /* that this minute has too many */
};

/* What one lane waits for. */
struct pause {
	struct dispatcher *dispatcher;
	struct lane *lane;
	struct loop_timer *timer;
	int64_t at_ms;    /* monotonic: the timer is set to; 0: it is not */
	int64_t probe_ms; /* monotonic: the store is asked for a mail to probe
			   * with, not before */
	int64_t probe_pause_ms; /* ...and so long after that again */
	unsigned misses; /* mails that the store gave and it did not take... */
	char missed[ID_LENGTH + 1]; /* ...the first of them */
	unsigned changes;           /* of it that are not acted upon yet */
};

struct dispatcher {
	struct dispatcher_options options;
	struct route_map *map;
	struct lane **lanes;     /* one per provider of the settings */
	struct pause *pauses;    /* of each */
	struct cutoff *cutoff;   /* of all */
	const char **names;      /* of the providers, NULL-terminated */
	const char **smtp_names; /* of those that speak SMTP */

	/* settings */
	struct lane_limits limits;
	struct patience patience; /* with doubts */
	int64_t probe_ms;         /* between two probes; 0: never */
	const GArray *retry;      /* int64_t ms: the pauses of the schedule */
	int64_t answer_floor_ms;  /* what an attempt may last behind the
				   * deadline */
	int64_t attempt_ms;       /* what one may last when nobody waits */
	int64_t warn_after_ms;    /* 0: never */
	unsigned doubt_attempts;  /* of a recipient, before it is held */
	char **domains;           /* whose senders may get bounces */

	bool soft_bounce; /* nobody is refused for good */

	struct memory *memory;
	struct hearsay *hearsay;
	struct inquest **inquests; /* of each; NULL: it cannot be asked */
	struct watch *watch;
	struct probe *probes; /* of each */
	struct harvest *
	    *harvests;   /* of those that are polled; NULL-terminated */
	unsigned asides; /* asks, probes and harvests under way: of no flight */
	struct weighing *weighing;
	struct alarms *alarms;
	struct reserve *reserve;
	struct keeping *keeping;
	struct ramp *ramp; /* of what waits in the queue */
	struct report_count reports;
	struct courtesy *courtesy;
	struct clockwatch clocks;
	int64_t started_ms;      /* monotonic */
	int64_t started_wall_ms; /* the same by the wall clock */
	GQueue flights;
	unsigned takeovers;      /* that wait for the store */
	struct dispatcher *heir; /* that took over; NULL: none has */
	const GPtrArray *elders; /* those that the one at the helm took over
				  * from, not through yet; borrowed; NULL: none
				  * ever */
	_Atomic unsigned holds;  /* whoever else knows us */
	bool stopping;
	loop_fn stopped;
	void *stopped_object;
};

/* Any thread that holds the dispatcher, or whose it is: takes the flight over;
 * it holds the dispatcher until it is read. */
void dispatcher_post(struct dispatcher *dispatcher, struct flight *flight);

/* Any thread: the routes, immutable as long as the dispatcher is there. */
const struct route_map *dispatcher_route(const struct dispatcher *dispatcher);

/* Any thread: the dispatcher is not freed before each who holds it has let it
 * go, though another may have taken over. */
void dispatcher_hold(void *dispatcher);
void dispatcher_let_go(struct dispatcher *dispatcher);

/* dispatcher.c: the clocks, which stand still while one thing is decided
 * (loop_now_ms(), loop_wall_ms()).  core/clock.h is not for here: what is not
 * over yet would be a moment later, in the same decision. */
int64_t dispatcher_now(const struct dispatcher *dispatcher);
int64_t dispatcher_wall(const struct dispatcher *dispatcher);

/* dispatcher.c: this moment, and the providers, for known.h. */
struct known_terms dispatcher_terms(const struct dispatcher *dispatcher);

/* dispatcher.c: one flight less. */
void dispatcher_release(struct dispatcher *dispatcher, struct flight *flight);

/* dispatcher.c: true when no more is done for the flight than to land it: we
 * stop, its mail is lost, or another dispatcher is to go on with it. */
bool dispatcher_cuts(
    const struct dispatcher *dispatcher, const struct flight *flight);

/* dispatcher.c: calls stopped() if that was the last there is to do. */
void dispatcher_tell_if_stopped(struct dispatcher *dispatcher);

/* dispatcher.c: what the flight's recipients have come to is remembered, for
 * whoever sends the same mail again. */
void dispatcher_remember(
    struct dispatcher *dispatcher, const struct flight *flight);

/* round.c: the flight's first step. */
void round_start(struct dispatcher *dispatcher, struct flight *flight);

/* round.c: takes the next step: another attempt, a wait, or the landing.  The
 * flight has no attempt under way; it may be gone afterwards. */
void round_advance(struct dispatcher *dispatcher, struct flight *flight);

/* round.c: moves on whoever waits for this lane: as many as it has room for,
 * and all that it does not take any more. */
void round_wake(struct dispatcher *dispatcher, struct lane *lane);

/* pause.c: sets the timer of the lane to what is next: to be called when it has
 * another request, one less, someone more who waits, or was held. */
void pause_arm(
    struct dispatcher *dispatcher, struct lane *lane, int64_t now_ms);

/* round.c: the dispatcher stops, or the mail is lost to it: the flight lands
 * unless an attempt is under way. */
void round_stop(struct dispatcher *dispatcher, struct flight *flight);

/* round.c: what a flight waits for has come otherwise: the next step.  Nothing
 * when it waits for something other than a doubt or a refusal. */
void round_rouse(struct dispatcher *dispatcher, struct flight *flight);

/* round.c: another dispatcher has taken over.  True when the flight is to begin
 * anew there: it is in nobody's hands.  Else a client's goes on here, and one
 * of the queue lands unless an attempt is under way. */
bool round_retire(struct dispatcher *dispatcher, struct flight *flight);

/* attempt.c: sends the waiting recipients of flight->group by this lane, which
 * said to that query that it takes them. */
void attempt_start(struct dispatcher *dispatcher, struct flight *flight,
    struct lane *lane, const struct lane_query *query);

#endif
