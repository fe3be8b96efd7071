/* SPDX-License-Identifier: MIT */
/*
 * A filter of system calls (seccomp): what is not on its list fails with EPERM,
 * and ENOSYS when it is younger than the list, so that libraries take the older
 * way.  No program is ever executed, no process made, nothing mounted or
 * traced, no code mapped but what is there (modules.h).  It holds for the
 * calling thread and those it starts afterwards.
 */
#ifndef CONFINE_FILTER_H
#define CONFINE_FILTER_H

/* From now on, for good.  0; else an errno, and nothing is filtered. */
int filter_close(void);

#endif
