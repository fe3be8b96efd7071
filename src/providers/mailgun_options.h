/* SPDX-License-Identifier: MIT */
/*
 * The options of a mail as fields of a Mailgun form.  Any thread.
 */
#ifndef PROVIDERS_MAILGUN_OPTIONS_H
#define PROVIDERS_MAILGUN_OPTIONS_H

#include "form.h"
#include "mail/options_fit.h"

extern const struct options_rules mailgun_options_rules;

/* Adds what is left of them (options_fit()).  Returns their size as Mailgun
 * counts it, names and values in bytes. */
size_t mailgun_options_write(
    struct form *form, const struct mail_options *options);

#endif
