/* SPDX-License-Identifier: MIT */
/*
 * The helm: which dispatcher has the mail that comes now.  When the settings
 * are read anew one made of the new ones takes over, with what the one before
 * knows of the providers; deliveries under way keep the provider they were
 * encoded with, and the one before is freed when its mail is through.  What
 * waits is routed anew.
 */
#ifndef DISPATCH_HELM_H
#define DISPATCH_HELM_H

#include "dispatch/dispatcher.h"
#include "dispatch/prepare.h"

struct helm;

/* Opens the dispatcher of these options (dispatcher_new()), and prepare for it.
 * The loop does not run yet.  NULL and error as there; options->dispatcher of
 * prepare is set here. */
struct helm *helm_new(const struct dispatcher_options *options,
    const struct prepare_options *prepare, GError **error);

/* After the loop has stopped.  NULL is fine. */
void helm_free(struct helm *helm);

/* Any thread: a submission_fn. */
void helm_take(void *helm, struct submission *submission);

/* From now on the providers are probed. */
void helm_start(struct helm *helm);

/* The main thread, between loop_start() and loop_stop(): the dispatcher of this
 * config, which passed dispatcher_check(), takes over; hostname is borrowed and
 * lasts as long as the config.  It waits for the loop, which is a moment. False
 * and error when it cannot be opened: all stays as it is.  Nothing happens once
 * helm_stop() was called. */
bool helm_renew(struct helm *helm, struct config *config, const char *hostname,
    GError **error);

/* As dispatcher_stop(), for all there are. */
void helm_stop(struct helm *helm, loop_fn stopped, void *object);

/* As dispatcher_standings(). */
GPtrArray *helm_standings(struct helm *helm);

/* Any thread that may wait (no loop): what the provider of that name posted;
 * its events are on disk when it is GOOD.  REPLAYED, LOST and UNKNOWN are said
 * here, the others by its translator; refusals are told to the log, once a
 * minute. */
enum webhook_end helm_hear(
    struct helm *helm, const char *name, struct webhook *webhook);

/* The same thread: true when there is a provider of that name that posts. */
bool helm_listens(struct helm *helm, const char *name);

/* As dispatcher_size_most(); before loop_start(), or the main thread. */
uint64_t helm_size_most(struct helm *helm, const char *listener);

#endif
