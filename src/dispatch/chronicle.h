/* SPDX-License-Identifier: MIT */
/*
 * What is told of a flight: one log line, and one phrase of the story, each.
 * The dispatch thread.
 */
#ifndef DISPATCH_CHRONICLE_H
#define DISPATCH_CHRONICLE_H

#include "state.h"

void chronicle_skip(
    struct flight *flight, const struct lane *lane, int64_t now_ms);
void chronicle_plan(const struct flight *flight, const struct lane *lane);
void chronicle_attempt(struct flight *flight, const struct lane *lane,
    const struct outcome *outcome);
void chronicle_failure(struct flight *flight, const struct lane *lane);
void chronicle_doubt(const struct flight *flight, unsigned recipients);

/* The recipients at that provider are not sent again: so many attempts ended in
 * doubt.  Told once. */
void chronicle_spent(
    struct flight *flight, const char *provider, unsigned doubts);

void chronicle_found(struct flight *flight, const char *provider);
void chronicle_end(const struct dispatcher *dispatcher,
    const struct flight *flight, const struct answer *answer);

#endif
