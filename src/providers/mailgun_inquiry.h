/* SPDX-License-Identifier: MIT */
/*
 * Whether Mailgun has a mail: its events, and where those are gone its logs,
 * are searched for the Message-ID.  What is found is a proof at once; what is
 * not may come later.  As in struct translator.
 */
#ifndef PROVIDERS_MAILGUN_INQUIRY_H
#define PROVIDERS_MAILGUN_INQUIRY_H

#include "provider.h"

bool mailgun_inquiry_ask(const struct provider *provider,
    const GPtrArray *inquiries, struct exchange *exchange);
bool mailgun_inquiry_asked(const struct provider *provider,
    const GPtrArray *inquiries, struct exchange *exchange,
    struct inquiry_reply *reply);

#endif
