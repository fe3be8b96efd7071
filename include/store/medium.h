/* SPDX-License-Identifier: MIT */
/*
 * What the queue is kept on, as far as its promise depends on it.  Any thread.
 */
#ifndef STORE_MEDIUM_H
#define STORE_MEDIUM_H

/* What is to be said about a queue on a file system of this type (statfs(2),
 * f_type): a literal; NULL: nothing. */
const char *medium_doubt(long type);

/* The same of a directory; NULL also when its file system cannot be asked. */
const char *medium_doubt_of(const char *directory);

/* Logs it for the directory. */
void medium_warn(const char *directory);

#endif
