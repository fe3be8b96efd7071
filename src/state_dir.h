/* SPDX-License-Identifier: MIT */
/*
 * The directory that holds the queue, the lock, and large mail while it passes:
 * [server] state_dir.
 */
#ifndef STATE_DIR_H
#define STATE_DIR_H

#include "core/config.h"

/* The files in it; new strings. */
char *state_dir_busy(const char *directory);
char *state_dir_control(const char *directory);

/* Adds an error (char *) for a directory that cannot be written by whom we will
 * be, or that is missing though a listener answers `queued`; and when it cannot
 * be known whom. */
void state_dir_check(const struct config *config, GPtrArray *errors);

#endif
