/* SPDX-License-Identifier: MIT */
/*
 * Judges a mail's structure: which part is its text, which its html, what the
 * others are, and what of all that fields could not give back.  In doubt there
 * is a trait: fields may only be chosen when nothing is lost.
 */
#ifndef MAIL_STRUCTURE_H
#define MAIL_STRUCTURE_H

#include "node.h"

/* Fills text, html, parts and traits of the message from its tree. */
void structure_read(struct message *message, const struct node *root);

#endif
