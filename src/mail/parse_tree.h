/* SPDX-License-Identifier: MIT */
/*
 * Reads the MIME structure of a message by GMime into a plain tree.  GMime is
 * shown bytes that stay where they are, asked where the parts lie, and dropped.
 */
#ifndef MAIL_PARSE_TREE_H
#define MAIL_PARSE_TREE_H

#include "node.h"

/* The tree of the whole spool, whose bytes these are; never NULL.  Sets traits
 * of what GMime warns of. */
struct node *parse_tree_read(
    struct message *message, const unsigned char *bytes, uint64_t size);

#endif
