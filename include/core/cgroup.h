/* SPDX-License-Identifier: MIT */
/*
 * The control group of this process, as far as we ask: the memory that it and
 * those above it may have (version 2, or 1).
 */
#ifndef CORE_CGROUP_H
#define CORE_CGROUP_H

#include <stdint.h>

/* Bytes: the least of what they are limited to and of what the machine has; 0:
 * nobody knows.  root: the folder that proc and sys are in; "/" but in
 * tests. */
uint64_t cgroup_memory(const char *root);

#endif
