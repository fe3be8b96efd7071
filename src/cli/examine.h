/* SPDX-License-Identifier: MIT */
/*
 * To examine is to try one thing that the settings rely on, as `postferry
 * doctor` does, and to add what was found to the findings.  The config was
 * checked; nothing is sent to anybody.  The main thread; blocks for seconds.
 */
#ifndef EXAMINE_H
#define EXAMINE_H

#include "core/config.h"
#include "finding.h"

/* state_dir: what file system it is on, its room, how long a sync takes. */
void examine_state(struct config *config, GPtrArray *findings);

/* The clock, and the limit of open files that the daemon has. */
void examine_host(struct config *config, GPtrArray *findings);

/* Each listener: whether it answers, and whom it takes mail of. */
void examine_listeners(struct config *config, GPtrArray *findings);

/* Each provider: how our account is there; of one that cannot be reached by
 * SMTP, which ports can. */
void examine_providers(struct config *config, GPtrArray *findings);

#endif
