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

/* The pid of the postferry that holds the lock now; 0: nobody does, or it
 * cannot be read. */
int lock_holder(const char *directory);

#endif
