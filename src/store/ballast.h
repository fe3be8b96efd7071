/* SPDX-License-Identifier: MIT */
/*
 * The ballast is a file that only takes room: given up when the disk is full,
 * so that what came of attempts under way can still be recorded.  The store's
 * thread.
 */
#ifndef STORE_BALLAST_H
#define STORE_BALLAST_H

#include <stdbool.h>
#include <stdint.h>

/* The file directory/ballast has so many bytes of its own on the disk from now
 * on.  False and errno when it has not: then there is none. */
bool ballast_make(const char *directory, uint64_t bytes);

/* Gives the room back; false when there was none. */
bool ballast_drop(const char *directory);

#endif
