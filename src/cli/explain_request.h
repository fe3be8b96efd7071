/* SPDX-License-Identifier: MIT */
/* The request of a mail as it would be sent, for people: secrets are not in it,
 * what is large is told by size and type.  The main thread. */
#ifndef EXPLAIN_REQUEST_H
#define EXPLAIN_REQUEST_H

#include "dispatch/explain.h"

#include <json-c/json.h>

/* A new object; the exchange of the way is there. */
struct json_object *explain_request(const struct explain_way *way);

/* The same, printed; the object is borrowed. */
void explain_request_print(struct json_object *request);

/* A text that may hold a secret. */
struct json_object *explain_request_text(const char *text);

#endif
