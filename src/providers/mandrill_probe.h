/* SPDX-License-Identifier: MIT */
/*
 * How the Mandrill account is: its key, its reputation and what waits there,
 * and whether mail of its domains is signed.  As probe() and probed() of struct
 * translator.
 */
#ifndef PROVIDERS_MANDRILL_PROBE_H
#define PROVIDERS_MANDRILL_PROBE_H

#include "provider.h"

bool mandrill_probe_ask(
    const struct provider *provider, struct exchange *exchange);
bool mandrill_probe_read(const struct provider *provider,
    struct exchange *exchange, struct health *health);

#endif
