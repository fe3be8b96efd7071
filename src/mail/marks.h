/* SPDX-License-Identifier: MIT */
/*
 * Marks are what an API puts something else for while it sends: the merge tags
 * of its templates.  In a mail that is nobody's template they are text like
 * any other, and are to stay.
 */
#ifndef MAIL_MARKS_H
#define MAIL_MARKS_H

#include "mail/message.h"

/* The TRAIT_MARK_* that this text has; NULL or length 0 has none.  Any
 * thread. */
uint64_t marks_find(const char *text, size_t length);

/* Where `mark` (not empty) stands in it first, else NULL: memmem(3), without
 * the table that it makes at every call, which is dear for a line.  Any
 * thread. */
const char *marks_seek(const char *text, size_t length, const char *mark);

#endif
