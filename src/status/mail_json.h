/* SPDX-License-Identifier: MIT */
/*
 * A mail of the store as JSON, as all pages show it.
 */
#ifndef STATUS_MAIL_JSON_H
#define STATUS_MAIL_JSON_H

#include "store.h"
#include <json-c/json.h>

/* Its facts and recipients, and what it has of attempts and acts. */
struct json_object *mail_json_new(const struct store_mail *mail);

#endif
