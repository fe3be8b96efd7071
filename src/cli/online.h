/* SPDX-License-Identifier: MIT */
/*
 * Online is what `check --online` does: each provider of the settings is asked
 * how our account there is, all at once, without sending mail.  The main
 * thread.
 */
#ifndef ONLINE_H
#define ONLINE_H

#include "core/config.h"

/* Probes, and prints a line per provider, or with json one object.  The config
 * passed its check; the process is prepared (ferry.h).  The exit code: 0 when
 * no provider is bad or unreachable. */
int online_check(struct config *config, bool json);

#endif
