/* SPDX-License-Identifier: MIT */
/*
 * What can be made to go wrong with a provider of the sandbox, in words for
 * people: each stands for a fault of the simulators.
 */
#ifndef SANDBOX_FAULTS_H
#define SANDBOX_FAULTS_H

#include "simulate/simulator.h"
#include "status.h"

/* For struct status_sandbox. */
extern const struct status_fault sandbox_faults[];

/* Any thread that may wait: the word of what holds there; NULL: something
 * else. */
const char *sandbox_faults_read(struct simulator *simulator, bool smtp);

/* Any thread that may wait: that row of sandbox_faults holds from now on. */
void sandbox_faults_set(struct simulator *simulator, bool smtp, unsigned fault);

#endif
