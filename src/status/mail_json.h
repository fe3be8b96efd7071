/* SPDX-License-Identifier: MIT */
/*
 * A mail of the store as JSON, as all pages show it.
 */
#ifndef STATUS_MAIL_JSON_H
#define STATUS_MAIL_JSON_H

#include "store.h"
#include <json-c/json.h>

/* Its facts, and of its lists those that are asked for (enum store_part), which
 * must have been read. */
struct json_object *mail_json_new(
    const struct store_mail *mail, unsigned parts);

#endif
