/* SPDX-License-Identifier: MIT */
/*
 * The shared objects that libraries load when they first need them: converters
 * of iconv, services that find hosts, ways to log in, algorithms, what ends a
 * thread.  Where no code may be mapped any more they must be there before.
 */
#ifndef CONFINE_MODULES_H
#define CONFINE_MODULES_H

/* Loads them, for good; what cannot be loaded is left out, and is missing when
 * it is needed.  Returns how many there are. */
unsigned modules_load(void);

#endif
