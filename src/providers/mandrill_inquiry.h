/* SPDX-License-Identifier: MIT */
/*
 * Whether Mandrill has a mail: its search is asked for our id in the metadata.
 * That finds something only where the account indexes this field, so when
 * nothing is found the recipients are searched for; either way an entry counts
 * only by our id in it.  As in struct translator.
 */
#ifndef PROVIDERS_MANDRILL_INQUIRY_H
#define PROVIDERS_MANDRILL_INQUIRY_H

#include "provider.h"

/* Mails in one search, and searches a minute: 20 are allowed, and one that
 * finds nothing is followed by a second. */
#define MANDRILL_INQUIRY_BATCH  50
#define MANDRILL_INQUIRY_MINUTE 10

bool mandrill_inquiry_ask(const struct provider *provider,
    const GPtrArray *inquiries, struct exchange *exchange);
bool mandrill_inquiry_asked(const struct provider *provider,
    const GPtrArray *inquiries, struct exchange *exchange,
    struct inquiry_reply *reply);

#endif
