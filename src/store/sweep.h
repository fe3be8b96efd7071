/* SPDX-License-Identifier: MIT */
/*
 * The sweep goes once through the bodies after the start, a slice at a time,
 * and removes the files that nobody refers to: left by a crash between keeping
 * a body and committing its row, or between a removal and its unlink.  Files
 * whose names are no ids are not ours to remove.  The store's thread.
 */
#ifndef STORE_SWEEP_H
#define STORE_SWEEP_H

#include <stdbool.h>

struct sweep;

/* True when the file of this mail must stay. */
typedef bool (*sweep_needs_fn)(void *object, const char *id);

/* NULL when the directory cannot be read. */
struct sweep *sweep_new(
    const char *directory, sweep_needs_fn needs, void *object);
void sweep_free(struct sweep *sweep);

/* Looks at some files more; false when that were the last. */
bool sweep_step(struct sweep *sweep);

/* Files removed so far. */
unsigned sweep_count(const struct sweep *sweep);

#endif
