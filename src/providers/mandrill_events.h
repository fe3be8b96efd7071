/* SPDX-License-Identifier: MIT */
/* Mandrill's events, as its webhooks have them and as its search tells of. */
#ifndef PROVIDERS_MANDRILL_EVENTS_H
#define PROVIDERS_MANDRILL_EVENTS_H

#include "provider.h"

struct json_object;

/* The event an entry of a webhook tells of, or NULL: it is of another kind
 * (sync, inbound), or says not whom it is about. */
struct event *mandrill_events_read(
    const struct provider *provider, struct json_object *entry);

/* What became of the mail that a search found, or NULL: nothing yet.  It is the
 * same event as the webhook's. */
struct event *mandrill_events_find(
    const struct provider *provider, struct json_object *message);

#endif
