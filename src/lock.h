/* SPDX-License-Identifier: MIT */
/*
 * The lock on state_dir: one postferry per directory.  The main thread.
 */
#ifndef LOCK_H
#define LOCK_H

#include <glib.h>
#include <stdbool.h>

struct lock;

/* Takes directory/lock and writes our pid into it.  NULL and error when it
 * cannot be had; *busy when another process holds it, whose pid is named. */
struct lock *lock_take(const char *directory, bool *busy, GError **error);

void lock_release(struct lock *lock);

#endif
