/* SPDX-License-Identifier: MIT */
/*
 * How the flat names of a form become the object of a payload: to and to again,
 * or to[] or to[0], are a list; metadata[key] is a member of an object;
 * attachments[0][name] one of an object in a list.  One thread.
 */
#ifndef STATUS_PAYLOAD_TREE_H
#define STATUS_PAYLOAD_TREE_H

#include "payload.h"

/* Octets of a name. */
#define PAYLOAD_TREE_NAME_MOST 512

/* Puts the value, which is taken over, where the name says; an error of the
 * payload when that cannot be. */
void payload_tree_put(
    struct payload *payload, const char *name, struct json_object *value);

/* Adds the value, which is taken over, to the list of that name. */
void payload_tree_add(
    struct payload *payload, const char *name, struct json_object *value);

/* The path of the name, as json_lift.h has it: "attachments[].name".  New
 * string. */
char *payload_tree_path(const char *name);

#endif
