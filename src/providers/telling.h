/* SPDX-License-Identifier: MIT */
/*
 * How a provider tells what became of the mail, from the settings that all
 * types which tell have: events, events_poll, webhook_key.
 */
#ifndef PROVIDERS_TELLING_H
#define PROVIDERS_TELLING_H

#include "provider.h"

/* Fills provider->events but for what its type alone has; false and error when
 * the settings make no sense together. */
bool telling_read(struct provider *provider, GError **error);

/* The value of a key without which nothing posted can be believed, or NULL and
 * error; what: "the key that ...". */
const char *telling_need(const struct provider *provider, const char *key,
    const char *what, GError **error);

#endif
