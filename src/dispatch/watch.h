/* SPDX-License-Identifier: MIT */
/*
 * The watch goes on asking about mail that was sent again although a provider
 * may have it, as the schedule of asks has it: late evidence that both have it
 * is a confirmed duplicate, which is counted, logged and rung for.  It is kept
 * in memory only: what is watched is forgotten at a restart, and the oldest
 * when it is too much.  The dispatch thread.
 */
#ifndef DISPATCH_WATCH_H
#define DISPATCH_WATCH_H

#include "state.h"

/* Mails (by provider) watched at a time. */
#define WATCH_MOST 1000

struct watch;

struct watch *watch_new(struct dispatcher *dispatcher);
void watch_free(struct watch *watch);

/* The dispatcher stops: all is forgotten. */
void watch_stop(struct watch *watch);

/* The recipient is about to be sent again, in doubt still: its provider is
 * watched if it can be asked. */
void watch_begin(
    struct watch *watch, const struct flight *flight, unsigned recipient);

/* That provider has taken the recipient, who was in doubt before. */
void watch_accept(
    struct watch *watch, const struct flight *flight, unsigned recipient);

/* Whether a provider said meanwhile that it has the mail for this recipient,
 * who waits to be sent again: its number and (borrowed, NULL: none) id. */
bool watch_found(const struct watch *watch, const struct flight *flight,
    unsigned recipient, unsigned *provider, const char **id);

/* How many are watched. */
unsigned watch_count(const struct watch *watch);

#endif
