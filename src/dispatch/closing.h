/* SPDX-License-Identifier: MIT */
/*
 * What is told of a mail of the queue when it leaves the dispatcher.  The
 * dispatch thread.
 */
#ifndef DISPATCH_CLOSING_H
#define DISPATCH_CLOSING_H

#include "state.h"

/* One log line each. */
void closing_take(const struct flight *flight);
void closing_hold(const struct flight *flight, unsigned recipients);
void closing_soften(const struct flight *flight, unsigned recipients);
void closing_report(struct flight *flight); /* and a note in the story */
void closing_silence(struct flight *flight, unsigned recipients); /* too */
void closing_withhold(
    struct flight *flight, unsigned recipients, const char *why); /* too */

/* A note in the story alone: there are many. */
void closing_drop(struct flight *flight, unsigned recipients);

/* Whoever waits and was never sent to anybody gets a text for people: how the
 * providers of its route are. */
void closing_explain(
    const struct dispatcher *dispatcher, struct flight *flight);

/* That, and one event for whoever watches. */
void closing_land(
    const struct dispatcher *dispatcher, const struct flight *flight);

#endif
