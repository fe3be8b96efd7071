/* SPDX-License-Identifier: MIT */
/*
 * The part of a bounce that people read: which mail, who did not get it and
 * why, and what to do.
 */
#ifndef MAIL_BOUNCE_TEXT_H
#define MAIL_BOUNCE_TEXT_H

#include "mail/bounce.h"

/* Adds the text: UTF-8, lines ended by LF, none over 998 octets. */
void bounce_text_write(GString *out, const struct message *message,
    const GArray *recipients, const struct bounce_options *options);

#endif
