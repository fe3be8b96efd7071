/* SPDX-License-Identifier: MIT */
/*
 * An address field as most are: one mailbox, in a form that no two readers
 * could take for different things.  To have GMime read it costs ten times as
 * much, for the same.
 */
#ifndef MAIL_PLAIN_MAILBOX_H
#define MAIL_PLAIN_MAILBOX_H

#include <stdbool.h>

/* Reads local@domain, <local@domain>, Some Name <local@domain> and "Some Name"
 * <local@domain>, nothing else around it or in it: no comment, list, group,
 * escape, encoded word, doubled blank or dot.  name (NULL: none) and address
 * are new strings.  False, and both NULL: let GMime read it. */
bool plain_mailbox_read(const char *body, char **name, char **address);

#endif
