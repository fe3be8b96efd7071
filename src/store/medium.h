/* SPDX-License-Identifier: MIT */
/* What the queue is kept on, as far as its promise depends on it. */
#ifndef STORE_MEDIUM_H
#define STORE_MEDIUM_H

/* What is to be said about a queue on a file system of this type (statfs(2),
 * f_type): a literal; NULL: nothing. */
const char *medium_doubt(long type);

/* Logs it for the directory. */
void medium_warn(const char *directory);

#endif
