/* SPDX-License-Identifier: MIT */
/*
 * How the Mailgun account is: each of its domains, and whether its queue takes
 * mail; a domain that is not found is looked for in the other region.  Whether
 * api_key may send is asked by a call to send without any mail, where looking
 * does not tell.  As probe() and probed() of struct translator.
 */
#ifndef PROVIDERS_MAILGUN_PROBE_H
#define PROVIDERS_MAILGUN_PROBE_H

#include "provider.h"

bool mailgun_probe_ask(
    const struct provider *provider, struct exchange *exchange);
bool mailgun_probe_read(const struct provider *provider,
    struct exchange *exchange, struct health *health);

#endif
