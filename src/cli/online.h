/* SPDX-License-Identifier: MIT */
/*
 * Online is what `check --online` and `doctor` do: each provider of the
 * settings is asked how our account there is, all at once, without sending
 * mail.  The main thread.
 */
#ifndef ONLINE_H
#define ONLINE_H

#include "core/config.h"
#include "mail/health.h"

/* What was found of a provider; all is borrowed for the call. */
typedef void (*online_fn)(void *object, const char *name, const char *type,
    const struct health *health);

/* Probes all, and tells of each in the order of the settings.  The config
 * passed its check; the process is prepared (ferry.h). */
void online_ask(struct config *config, online_fn tell, void *object);

/* The same, and prints a line per provider, or with json one object.  The exit
 * code: 0 when no provider is bad or unreachable. */
int online_check(struct config *config, bool json);

#endif
