/* SPDX-License-Identifier: MIT */
/*
 * What the sender of a mail wished to be told of it (RFC 3461), in the story of
 * the mail; nothing is printed where nothing was said.
 */
#ifndef STORY_WISH_H
#define STORY_WISH_H

#include "story.h"

/* Lines of the mail, and of one recipient, below it. */
void story_wish_print(const struct story *story);
void story_wish_print_recipient(struct json_object *recipient);

/* True when nobody is told of the refused: each of their senders' wishes says
 * so. */
bool story_wish_is_silent(const struct story *story);

/* True when all that is left to do for the mail is the report of success that
 * its sender wished for. */
bool story_wish_is_last(const struct story *story);

#endif
