/* SPDX-License-Identifier: MIT */
/*
 * Mandrill has no events to ask for: what its search says of the state of the
 * newest mails is told as such.  It knows days only, and so many mails as an
 * answer holds: of one that bounces late among many, nothing is heard.  As in
 * struct translator.
 */
#ifndef PROVIDERS_MANDRILL_HARVEST_H
#define PROVIDERS_MANDRILL_HARVEST_H

#include "provider.h"

bool mandrill_harvest_ask(const struct provider *provider,
    const struct event_span *span, struct exchange *exchange);
bool mandrill_harvest_asked(const struct provider *provider,
    const struct event_span *span, struct exchange *exchange, GPtrArray *events,
    struct inquiry_reply *reply);

#endif
