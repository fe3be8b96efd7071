/* SPDX-License-Identifier: MIT */
/*
 * A mail of one part whose header is beyond doubt is read without GMime, for
 * reading it by GMime costs more than all else that is done to a mail.  What it
 * says of such a mail is what parse_tree_read() would say.
 */
#ifndef MAIL_SINGLE_H
#define MAIL_SINGLE_H

#include "node.h"

/* The tree of a mail that is one text: its header is well-formed ASCII in whole
 * lines, and of MIME it says no more than a text's type, charset and encoding,
 * each once and in their plainest form.  NULL: let GMime read it. */
struct node *single_read(const struct message *message);

#endif
