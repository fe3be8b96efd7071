/* SPDX-License-Identifier: MIT */
/*
 * Mandrill's webhooks: a form with many events in one field.  The signature is
 * over our URL and the whole form.
 */
#ifndef PROVIDERS_MANDRILL_HEAR_H
#define PROVIDERS_MANDRILL_HEAR_H

#include "provider.h"

/* As in struct translator. */
enum webhook_end mandrill_hear(
    const struct provider *provider, struct webhook *webhook);

#endif
