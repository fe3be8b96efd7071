/* SPDX-License-Identifier: MIT */
/*
 * The options of a mail as members of a Mandrill request, and as X-MC- headers
 * of raw mail, for which most have no member.  Any thread.
 */
#ifndef PROVIDERS_MANDRILL_OPTIONS_H
#define PROVIDERS_MANDRILL_OPTIONS_H

#include "mail/options_fit.h"
#include "writer.h"

extern const struct options_rules mandrill_options_rules;

/* Writes what is left of them (options_fit()) as members of `message`; id is
 * the mail's. */
void mandrill_options_write(
    struct writer *writer, const struct mail_options *options, const char *id);

/* Whether all may see whom it is for: unless it is said, each recipient, blind
 * ones too, would get a mail to himself alone. */
void mandrill_options_write_people(
    struct writer *writer, const struct mail_options *options);

/* Those that stand beside `message`, or beside raw_message. */
void mandrill_options_write_top(struct writer *writer,
    const struct mail_options *options, enum delivery_form form);

/* Whole header lines of raw mail, ASCII and folded.  New string. */
char *mandrill_options_lines(
    const struct mail_options *options, const char *id);

#endif
