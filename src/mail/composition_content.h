/* SPDX-License-Identifier: MIT */
/*
 * What is wrong with the texts and attachments of a composition, and with any
 * text of it that has to stay one line.
 */
#ifndef MAIL_COMPOSITION_CONTENT_H
#define MAIL_COMPOSITION_CONTENT_H

#include "mail/composition.h"

/* Adds an error to those of the field when the text is no UTF-8, has a control
 * character or is longer; true when it is fine. */
bool composition_content_line(
    GPtrArray *errors, const char *field, const char *text, size_t bytes_max);

/* Adds all that is wrong. */
void composition_content_check(
    const struct composition *composition, GPtrArray *errors);

#endif
