/* SPDX-License-Identifier: MIT */
/*
 * The story of one mail in sentences, for whoever was woken by it: what it is,
 * what happened to it, what happens next.  Written to stdout from the JSON of
 * /v1/messages/ID.
 */
#ifndef STORY_H
#define STORY_H

#include "ask.h"
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

struct story {
	struct ask *ask;          /* borrowed */
	struct json_object *mail; /* borrowed */
	int64_t now_ms;           /* wall clock */
	bool offline;             /* no daemon runs: nothing is sent */
};

/* How many recipients are in the state of this word. */
unsigned story_count(const struct story *story, const char *state);

/* True when nobody is left to be sent to but those in doubt: it goes when a
 * doubt ends, whatever a person orders. */
bool story_is_doubt_only(const struct story *story);

/* True when a provider refused this recipient, and nobody is told before it is
 * known whether that provider refuses everything (refusal_wait). */
bool story_is_weighed(const struct story *story, struct json_object *recipient);

/* When it goes next (wall clock); 0: nobody knows. */
int64_t story_due(const struct story *story);

typedef void (*story_fn)(const struct story *story);

/* Asks for each mail that the order names and prints it, or with --json what
 * came.  The exit code: of the first that could not be had. */
int story_print_each(
    struct ask *ask, const struct order *order, story_fn print);

/* What it is: received, sender, size, recipients with their states. */
void story_print_facts(const struct story *story);

/* story_history.c: what happened to it: attempts, what people did and what was
 * noted, in the order of time. */
void story_history_print(const struct story *story);

/* story_next.c: what happens next, what a person may do, and what a doubt that
 * was waited out may have come to. */
void story_next_print(const struct story *story);

/* story_doubt.c: of each recipient in doubt what was and will be asked, what
 * comes then, and what a person may do.  Nothing when there is none. */
void story_doubt_print(const struct story *story);

/* story_route.c: of one that waits, which of its route's providers are not
 * asked now; of all, where the route cannot be found out. */
void story_route_print(const struct story *story);

/* True when the text begins with the status: "550 5.1.1 no", "HTTP 503: no". */
bool story_is_said(uint64_t status, const char *text);

/* What a recipient came to, in a few words.  New string. */
char *story_tell_recipient(
    const struct story *story, struct json_object *recipient);

#endif
