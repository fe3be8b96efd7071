/* SPDX-License-Identifier: MIT */
/*
 * The dispatcher takes each message down its route, provider by provider,
 * until every recipient is settled, and answers the client.  It owns the mails
 * in flight, the state of each provider and all timers, on the dispatch loop.
 * It never sends a recipient that was accepted, never asks two providers at
 * once, never sleeps.
 */
#ifndef DISPATCH_DISPATCHER_H
#define DISPATCH_DISPATCHER_H

#include "alarm.h"
#include "carrier.h"
#include "core/pool.h"
#include "mail/journal.h"
#include "mail/standing.h"
#include "provider.h"

struct dispatcher;
struct suppressions;

/* One line about one mail for people: where it went and why. */
struct dispatch_event {
	const char *id;
	const char *sender; /* "<>" for the null sender */
	unsigned recipients;
	const char *subject; /* may be NULL */
	uint64_t size_bytes;
	bool queued;       /* it is the queue's: its client heard 250 before */
	unsigned code;     /* what the client was told; queued: as it would
			    * have been now */
	const char *story; /* "mailgun refused the connection; mandrill took
			    * it as fields" */
};

/* The dispatch thread; event is borrowed for the call. */
typedef void (*dispatch_event_fn)(
    void *object, const struct dispatch_event *event);

struct dispatcher_options {
	struct config *config; /* counted */
	struct loop *loop;
	struct pool *work;               /* for encode() */
	struct carrier http, relay;      /* borrowed */
	const char *hostname;            /* ours; borrowed */
	const struct spool_place *place; /* of the bounces; borrowed */
	struct metrics *metrics;         /* borrowed; NULL: none */

	/* The queue; borrowed.  journal NULL: there is none: every mail is
	 * `delivered`, and what is left over is its client's. */
	journal_fn journal;
	void (*wake)(void *store, unsigned count); /* store.h */
	void (*ramp)(void *store, unsigned most);  /* likewise; NULL: all come
						    * at once */
	event_fn hear; /* where events go on to; NULL: nowhere */
	void *store;

	/* Whom nobody is asked to send to; borrowed; NULL: there is no such
	 * list. */
	struct suppressions *suppressions;

	/* How the providers were at the last stop (struct journal_state *);
	 * borrowed until dispatcher_new() returns; NULL: nothing is known. */
	const GPtrArray *states;

	/* The dispatcher that this one takes over from (helm.h), on whose loop
	 * we are: what it knows of the providers and of mail that was answered
	 * 451 is known here too; borrowed until dispatcher_new() returns;
	 * NULL: none. */
	struct dispatcher *before;

	dispatch_event_fn event; /* NULL: none */
	void *object;
	alarm_fn alarm; /* NULL: nobody is told */
	void *alarm_object;
};

/* True when the providers and routes of the config make sense; else every
 * error found is added (char *), as config_read() does. */
bool dispatcher_check(struct config *config, GPtrArray *errors);

/* The domains whose senders get bounces, in IDNA form (".example.com" are those
 * below it); the config passed the check: new, NULL-terminated, empty when
 * there is none. */
char **dispatcher_bounce_domains(struct config *config);

/* Opens the providers and routes of the config; NULL and error when one makes
 * no sense. */
struct dispatcher *dispatcher_new(
    const struct dispatcher_options *options, GError **error);

/* Any thread that may wait (no loop): how the providers are: new array of
 * struct provider_standing, in the order of the settings.  Between loop_start()
 * and loop_stop() of its loop only. */
GPtrArray *dispatcher_standings(struct dispatcher *dispatcher);

/* From now on the providers are probed, at once and on a timer.  Any thread. */
void dispatcher_start(struct dispatcher *dispatcher);

/* The largest mail in bytes of MIME that some provider takes in the routes that
 * mail of this listener may go by. */
uint64_t dispatcher_size_most(
    const struct dispatcher *dispatcher, const char *listener);

/* Any thread: from now on nothing new is sent: mail without an attempt under
 * way is answered 451 at once (of the queue: lands, due again at once), the
 * rest when its attempt is done.
 * stopped(object) is called once, on the dispatch loop, when none is left; NULL
 * while more may still come.  May be called again. */
void dispatcher_stop(
    struct dispatcher *dispatcher, loop_fn stopped, void *object);

/* The same, on the dispatch loop, at once. */
void dispatcher_halt(
    struct dispatcher *dispatcher, loop_fn stopped, void *object);

/* After the loop has stopped; on it, of one that another has taken over from
 * and that is through. */
void dispatcher_free(struct dispatcher *dispatcher);

/* The rows of [server] the dispatcher reads, ending with an empty one. */
extern const struct setting dispatcher_settings[];

/* Those of [route NAME]. */
extern const struct setting route_settings[];

#endif
