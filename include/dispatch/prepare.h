/* SPDX-License-Identifier: MIT */
/*
 * Prepare turns submissions into messages on the work threads (parse) and
 * posts them to the dispatcher.
 */
#ifndef DISPATCH_PREPARE_H
#define DISPATCH_PREPARE_H

#include "core/pool.h"
#include "dispatch/dispatcher.h"

struct prepare;

/* hostname is borrowed. The pool's stacks hold 2 MiB at least. */
struct prepare *prepare_new(
    struct pool *work, struct dispatcher *dispatcher, const char *hostname);
void prepare_free(struct prepare *prepare);

/* Any thread: a submission_fn. */
void prepare_post(void *prepare, struct submission *submission);

#endif
