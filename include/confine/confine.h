/* SPDX-License-Identifier: MIT */
/*
 * What the process may do once it serves: by Landlock the files that its
 * settings and libraries need and no others, by seccomp the system calls that
 * it needs and no others.  It never executes a program, makes a process, binds
 * an address or opens what is outside.  What the kernel cannot do is left out
 * and said.  The main thread, before there is any other.
 */
#ifndef CONFINE_CONFINE_H
#define CONFINE_CONFINE_H

#include "core/setting.h"
#include <glib.h>
#include <stdbool.h>

struct confine_paths {
	const char *state_dir; /* read and written; NULL: none */
	const char *drop;      /* the same */
	GPtrArray *files;      /* char *: read, and read again when they were
				* replaced: their directories are */
	GPtrArray *sockets;    /* char *: made and removed at stop */
};

/* Paths are borrowed.  Logs in one line what is in force.  The process has no
 * privileges any more (privileges_seal()). */
void confine_apply(const struct confine_paths *paths);

/* Says why nothing is confined, for the log: a literal; NULL: it can be. */
const char *confine_obstacle(void);

/* confine of [server], ending with an empty row. */
extern const struct setting confine_settings[];

#endif
