/* SPDX-License-Identifier: MIT */
/*
 * Mailgun's webhooks: one event each, as JSON, or (those of before 2018) as a
 * form.  The signature is over a time and a token, not over what is said: so
 * each token counts once, for a while, and an event only where we know its
 * mail.
 */
#ifndef PROVIDERS_MAILGUN_HEAR_H
#define PROVIDERS_MAILGUN_HEAR_H

#include "provider.h"

/* As in struct translator. */
enum webhook_end mailgun_hear(
    const struct provider *provider, struct webhook *webhook);

#endif
