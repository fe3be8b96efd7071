/* SPDX-License-Identifier: MIT */
/* How a provider stands, as JSON. */
#ifndef STATUS_STANDING_JSON_H
#define STATUS_STANDING_JSON_H

#include "mail/standing.h"
#include <json-c/json.h>

/* New; what is not known or has no limit is null. */
struct json_object *standing_json_new(const struct provider_standing *provider);

#endif
