/* SPDX-License-Identifier: MIT */
/*
 * How the providers stand, from the JSON of /status, as a person says it.
 */
#ifndef STANDING_H
#define STANDING_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

/* True when it is open for business. */
bool standing_is_open(struct json_object *provider);

/* "is asked", "failed: is not asked for another 5 min".  New string. */
char *standing_tell(struct json_object *provider);

/* What a person can do about its state, a literal; NULL: nothing, or it is
 * open. */
const char *standing_advice(struct json_object *provider);

/* The provider in some lines, those after the first indented. */
void standing_print(
    struct json_object *provider, int64_t now_ms, const char *indent);

/* A line for each provider of the answer of /status that is not asked before a
 * time.  True when there is one. */
bool standing_print_closed(struct json_object *status);

/* True when one of them, or more, is not open. */
bool standing_is_any_closed(struct json_object *status);

/* A line for each provider of these names (NULL: of all) that is not asked now:
 * why a mail waits that has an attempt at none of them. */
void standing_print_paused(
    struct json_object *status, const char *const *names);

#endif
