/* SPDX-License-Identifier: MIT */
/*
 * An alarm is what a person has to know of now: the account at a provider is
 * unusable, mail goes by the reserve, mail is held.  It begins, and it is over;
 * each is told once, to the log by whoever finds it out and by the bell to
 * alarm_command and alarm_url, no more often than alarm_pause for the same
 * thing.
 */
#ifndef ALARM_H
#define ALARM_H

#include "carrier.h"
#include "core/config.h"
#include "core/setting.h"
#include <stdbool.h>
#include <stdint.h>

struct alarm {
	const char *kind;    /* a literal: "provider_unusable",
			      * "sender_refused", "provider_distrusted",
			      * "provider_held_back", "reserve", "all_down",
			      * "cut_off", "mail_held", "duplicate_confirmed",
			      * "certificate_ended", "certificate_unread",
			      * "users_unread", "drop_refused" */
	const char *subject; /* what it is about: the provider, or the mail */
	const char *group;   /* of what happens to many subjects and is never
			      * over: those of a kind and group are collected
			      * and told as one; NULL: each is told */
	bool over;           /* it is not so any more */
	int64_t since_ms;    /* wall clock: it began */
	const char *text;    /* one line: what */
	const char *advice;  /* one line: what to do; NULL: nothing */
};

/* Any thread; the alarm and its texts are borrowed for the call. */
typedef void (*alarm_fn)(void *object, const struct alarm *alarm);

/* The herald is a process of its own that runs alarm_command, for the daemon
 * may run nothing.  It is our program anew, so it knows no secret; it was told
 * the command before the daemon heard anybody, and runs no other. */
struct herald;

/* The word of the command line that makes a process the herald. */
#define HERALD_COMMAND "alarm-herald"

/* Starts it, with the rights that we have now.  The main thread, before we are
 * confined.  The command was checked.  NULL and error when it cannot be. */
struct herald *herald_new(const char *command, GError **error);

/* After the bell; what it runs is killed, and it ends.  NULL is fine. */
void herald_free(struct herald *herald);

/* What its process does until the daemon has gone. */
void messenger_run(void);

/* The bell rings: has alarm_command run (by the herald, one at a time, killed
 * after 10 s, the alarm as JSON on its standard input, a clean environment with
 * PATH) and posts the same JSON to alarm_url. */
struct bell;

struct bell_options {
	struct config *config;  /* counted */
	struct loop *main;      /* borrowed */
	struct herald *herald;  /* borrowed: runs the command; NULL: none */
	struct loop *http_loop; /* borrowed: the carrier's */
	struct carrier http;    /* borrowed */
	const char *hostname;   /* ours; borrowed */
};

/* True when its settings make sense; else errors are added (char *). */
bool bell_check(const struct config *config, GPtrArray *errors);

struct bell *bell_new(const struct bell_options *options);

/* An alarm_fn: the object is the bell. */
void bell_ring(void *bell, const struct alarm *alarm);

/* The main loop: nothing is told any more; stopped(object) is called there once
 * nothing is under way at alarm_url, within 10 s: the carrier can be freed
 * then. */
void bell_stop(struct bell *bell, loop_fn stopped, void *object);

/* After both loops have stopped.  NULL is fine. */
void bell_free(struct bell *bell);

/* alarm_command, alarm_url, alarm_pause of [server], ending with an empty
 * row. */
extern const struct setting bell_settings[];

#endif
