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
#include "schedule.h"

/* What is in the way of more bounces than a minute may have. */
struct report_count {
	int64_t minute_ms; /* monotonic: when it began */
	unsigned made;
};

/* The end of one lane's pause. */
struct pause {
	struct dispatcher *dispatcher;
	struct lane *lane;
	struct loop_timer *timer;
};

struct dispatcher {
	struct dispatcher_options options;
	struct route_map *map;
	struct lane **lanes;     /* one per provider of the settings */
	struct pause *pauses;    /* of each; NULL: there is no queue to wake */
	const char **names;      /* of the providers, NULL-terminated */
	const char **smtp_names; /* of those that speak SMTP */

	/* settings */
	struct lane_limits limits;
	struct ledger_waits waits;
	const GArray *retry;     /* int64_t ms: the pauses of the schedule */
	int64_t answer_floor_ms; /* what an attempt may last behind the
				  * deadline */
	int64_t attempt_ms;      /* what one may last when nobody waits */
	int64_t warn_after_ms;   /* 0: never */
	char **domains;          /* whose senders may get bounces */

	struct memory *memory;
	struct report_count reports;
	GQueue flights;
	unsigned takeovers; /* that wait for the store */
	bool stopping;
	loop_fn stopped;
	void *stopped_object;
};

/* Any thread: takes the flight over. */
void dispatcher_post(struct dispatcher *dispatcher, struct flight *flight);

/* Any thread: the routes, immutable as long as the dispatcher is there. */
const struct route_map *dispatcher_route(const struct dispatcher *dispatcher);

/* dispatcher.c: one flight less. */
void dispatcher_release(struct dispatcher *dispatcher, struct flight *flight);

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

/* round.c: the dispatcher stops: the flight lands unless an attempt is under
 * way. */
void round_stop(struct dispatcher *dispatcher, struct flight *flight);

/* attempt.c: sends the flight's waiting recipients by this lane, which has
 * room. */
void attempt_start(
    struct dispatcher *dispatcher, struct flight *flight, struct lane *lane);

/* landing.c: nothing more can be done now: the client is answered, or the
 * store gets the mail back.  The flight is gone afterwards, or REPORTING. */
void landing_start(struct dispatcher *dispatcher, struct flight *flight);

/* landing.c: the flight's report was made, or cannot be. */
void landing_reported(struct dispatcher *dispatcher, struct flight *flight);

/* client.c: answers the client who waits and frees the flight, which is no
 * longer the dispatcher's. */
void client_leave(struct dispatcher *dispatcher, struct flight *flight);

/* client.c: the client's time is over, and the attempt goes on. */
void client_answer_open(struct dispatcher *dispatcher, struct flight *flight);

/* takeover.c: true when the queue is to take the mail from its client as it
 * stands: somebody may have it, somebody has not. */
bool takeover_is_due(
    const struct dispatcher *dispatcher, const struct flight *flight);

/* takeover.c: from here on the mail is the queue's; its client is answered when
 * that is on disk. */
void takeover_start(struct dispatcher *dispatcher, struct flight *flight);

/* report.c: why no bounce may be made for the mail: a literal; NULL: one
 * may. */
const char *report_obstacle(
    const struct dispatcher *dispatcher, const struct message *message);

/* report.c: false when this minute had too many; else it has one more. */
bool report_count(struct dispatcher *dispatcher);

/* report.c: makes the report of flight->landing.told on a work thread;
 * landing_reported() follows. */
void report_start(struct dispatcher *dispatcher, struct flight *flight,
    enum bounce_action action);

/* report.c: the domains whose senders may get bounces: new. */
char **report_domains(const struct config *config, const struct route_map *map);

/* entry.c: an attempt begins: noted in the flight where there is a journal, and
 * told to the store; recorded(flight) follows. */
void entry_open(struct dispatcher *dispatcher, struct flight *flight);
void entry_begin(struct dispatcher *dispatcher, struct flight *flight,
    journal_recorded_fn recorded);

/* entry.c: it ended, as this verdict says, and the ledger knows. */
void entry_end(struct dispatcher *dispatcher, struct flight *flight,
    const struct verdict *verdict);

/* entry.c: the mail becomes the queue's; recorded(object) follows. */
void entry_take(struct dispatcher *dispatcher, struct flight *flight,
    journal_recorded_fn recorded, void *object);

/* entry.c: the mail goes back to the store, as flight->landing says. */
void entry_land(struct dispatcher *dispatcher, struct flight *flight);

/* entry.c: the mail was its client's to the end. */
void entry_pass(struct dispatcher *dispatcher, struct flight *flight);

/* pause.c: wakes mail of the queue when a lane's pause ends. */
void pause_open(struct dispatcher *dispatcher);
void pause_close(struct dispatcher *dispatcher);

/* pause.c: an attempt by this lane ended and changed this of it (enum
 * lane_change). */
void pause_note(
    struct dispatcher *dispatcher, struct lane *lane, unsigned changes);

/* pause.c: nobody is woken any more. */
void pause_stop(struct dispatcher *dispatcher);

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

/* closing.c: the same of mails of the queue. */
void closing_take(const struct flight *flight);
void closing_hold(const struct flight *flight, unsigned recipients);
void closing_report(const struct flight *flight);
void closing_land(
    const struct dispatcher *dispatcher, const struct flight *flight);

#endif
