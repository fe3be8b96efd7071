/* SPDX-License-Identifier: MIT */
/*
 * Mailgun's events, asked for: those of each sending domain, page by page.  As
 * in struct translator.
 */
#ifndef PROVIDERS_MAILGUN_HARVEST_H
#define PROVIDERS_MAILGUN_HARVEST_H

#include "provider.h"

bool mailgun_harvest_ask(const struct provider *provider,
    const struct event_span *span, struct exchange *exchange);
bool mailgun_harvest_asked(const struct provider *provider,
    const struct event_span *span, struct exchange *exchange, GPtrArray *events,
    struct inquiry_reply *reply);

#endif
