/* SPDX-License-Identifier: MIT */
/* What explain found, as JSON and for people.  The main thread. */
#ifndef EXPLAIN_FACTS_H
#define EXPLAIN_FACTS_H

#include "dispatch/explain.h"

#include <json-c/json.h>

/* A new object of all that is known. */
struct json_object *explain_facts(const struct explain *explain);

/* Prints it; the object is borrowed. */
void explain_facts_print(struct json_object *facts);

#endif
