/* SPDX-License-Identifier: MIT */
/*
 * How an SMTP server is: whether it greets us, takes our TLS and our login.  As
 * probe() and probed() of struct translator.
 */
#ifndef PROVIDERS_UPSTREAM_PROBE_H
#define PROVIDERS_UPSTREAM_PROBE_H

#include "provider.h"

bool upstream_probe_ask(
    const struct provider *provider, struct exchange *exchange);
bool upstream_probe_read(const struct provider *provider,
    struct exchange *exchange, struct health *health);

#endif
