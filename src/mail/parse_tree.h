/* SPDX-License-Identifier: MIT */
/*
 * Reads the MIME structure of a message by GMime into a plain tree.  GMime is
 * shown the spool piece by piece, asked where the parts lie, and dropped.
 */
#ifndef MAIL_PARSE_TREE_H
#define MAIL_PARSE_TREE_H

#include "node.h"

/* The tree of the whole mail; never NULL.  Sets traits of what GMime
 * warns of. */
struct node *parse_tree_read(struct message *message);

#endif
