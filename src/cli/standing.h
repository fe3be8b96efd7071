/* SPDX-License-Identifier: MIT */
/*
 * How the providers stand, from the JSON of /status, as a person says it.
 */
#ifndef STANDING_H
#define STANDING_H

#include "ask.h"
#include <json-c/json.h>

/* "is asked", "failed: is not asked for another 5 min".  New string. */
char *standing_tell(struct json_object *provider);

/* Asks the daemon, and prints a line for each provider that is not asked now:
 * why a mail waits that has an attempt at none of them. */
void standing_print_paused(struct ask *ask);

#endif
