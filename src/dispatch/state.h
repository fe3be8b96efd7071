/* SPDX-License-Identifier: MIT */
/*
 * What the files of the dispatcher share: the dispatcher itself, and the steps
 * of a flight.  The dispatch thread, but where it says otherwise.
 */
#ifndef DISPATCH_STATE_H
#define DISPATCH_STATE_H

#include "dispatch/dispatcher.h"
#include "flight.h"
#include "lane.h"
#include "memory.h"

struct dispatcher {
	struct dispatcher_options options;
	struct route *route;
	struct lane **lanes; /* one per provider of the route */
	const char **names;  /* of the providers, NULL-terminated */
	struct lane_limits limits;
	struct ledger_waits waits;
	int64_t answer_floor_ms; /* what an attempt may last behind the
				  * deadline */
	struct memory *memory;
	GQueue flights;
	bool stopping;
	loop_fn stopped;
	void *stopped_object;
};

/* Any thread: takes the flight over. */
void dispatcher_post(struct dispatcher *dispatcher, struct flight *flight);

/* Any thread: the route, immutable as long as the dispatcher is there. */
const struct route *dispatcher_route(const struct dispatcher *dispatcher);

/* dispatcher.c: takes the next step: another attempt, a wait, or the answer.
 * The flight has no attempt under way; it may be gone afterwards. */
void dispatcher_advance(struct dispatcher *dispatcher, struct flight *flight);

/* dispatcher.c: moves on whoever waits for this lane: as many as it has room
 * for, and all that it does not take any more. */
void dispatcher_wake(struct dispatcher *dispatcher, struct lane *lane);

/* dispatcher.c: what the flight's recipients have come to is remembered, for
 * whoever sends the same mail again. */
void dispatcher_remember(
    struct dispatcher *dispatcher, const struct flight *flight);

/* attempt.c: sends the flight's waiting recipients by this lane, which has
 * room. */
void attempt_start(
    struct dispatcher *dispatcher, struct flight *flight, struct lane *lane);

/* chronicle.c: one log line, and one phrase of the story, each. */
void chronicle_skip(
    struct flight *flight, const struct lane *lane, int64_t now_ms);
void chronicle_plan(const struct flight *flight, const struct lane *lane);
void chronicle_attempt(struct flight *flight, const struct lane *lane,
    const struct outcome *outcome);
void chronicle_failure(struct flight *flight, const struct lane *lane);
void chronicle_lane(const struct lane *lane, const struct flight *flight,
    unsigned changes, const struct verdict *verdict);
void chronicle_doubt(const struct flight *flight, unsigned recipients);
void chronicle_end(const struct dispatcher *dispatcher,
    const struct flight *flight, const struct answer *answer);

#endif
