/* SPDX-License-Identifier: MIT */
/*
 * How many clients fit the files that this process may have open: each has a
 * socket, and a file for a mail that is large.
 */
#ifndef SMTP_CAPACITY_H
#define SMTP_CAPACITY_H

#include <stdint.h>

/* Connections at the same time, of those wanted; at least one.  files: that may
 * be open (RLIMIT_NOFILE). */
unsigned capacity_fit(unsigned wanted, uint64_t files);

/* Files that so many connections take, with all else that the process opens. */
uint64_t capacity_files(unsigned connections);

/* The same for this process; says so in the log when it is less. */
unsigned capacity_find(unsigned wanted);

#endif
