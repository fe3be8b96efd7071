/* SPDX-License-Identifier: MIT */
/* The pace of a provider as its settings have it. */
#ifndef PROVIDERS_PACE_H
#define PROVIDERS_PACE_H

#include "provider.h"

/* Reads rate, burst, quota_hour, quota_day and overflow into provider->pace.
 * False and error when they make no sense. */
bool pace_read(struct provider *provider, GError **error);

#endif
