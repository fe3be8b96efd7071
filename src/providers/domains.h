/* SPDX-License-Identifier: MIT */
/* The domains whose mail a provider carries, by the domain of From. */
#ifndef PROVIDERS_DOMAINS_H
#define PROVIDERS_DOMAINS_H

#include "mail/delivery.h"
#include "provider.h"

/* Reads the setting into provider->domains.  False and error when one of them
 * is no domain. */
bool domains_read(struct provider *provider, GError **error);

/* False and error when the provider is for other domains than that of the From
 * that leaves.  Any thread. */
bool domains_check(const struct provider *provider,
    const struct delivery *delivery, GError **error);

#endif
