/* SPDX-License-Identifier: MIT */
/*
 * Control headers are orders to a mail service written into the mail's header.
 * They do not leave: they show a recipient what was meant for the service, and
 * another service may obey them.  What they ask for is said in the words of the
 * provider that carries the mail (mail/options.h).  Any thread.
 */
#ifndef PROVIDERS_CONTROL_H
#define PROVIDERS_CONTROL_H

#include "mail/options_fit.h"

/* True when the name is one of a NULL-terminated list, as struct
 * raw_options has it. */
bool control_is_one(const char *const *names, const char *name);

/* False and error when the delivery asks for what this kind of provider cannot
 * honour (a test that must not be delivered, a template, a date to be sent at),
 * or in raw mail only and the form is not RAW: without it the mail would be
 * another, better not sent than sent so. */
bool control_check(const struct delivery *delivery,
    const struct options_rules *rules, GError **error);

#endif
