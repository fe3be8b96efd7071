/* SPDX-License-Identifier: MIT */
/*
 * An expansion is a value of the settings file with every ${NAME} in it
 * replaced from the environment.
 */
#ifndef CORE_EXPANSION_H
#define CORE_EXPANSION_H

#include <glib.h>

/* The text with ${NAME} replaced and $$ made $; any other $ stays.  What is put
 * in is not expanded again.  NULL and error for a name that is not set, or
 * none. environment may be NULL. */
char *expansion_new(const char *text, char *const *environment, GError **error);

#endif
