/* SPDX-License-Identifier: MIT */
/*
 * The names that files have at a provider: none may be missing (a file without
 * a name is dropped without a word), none may lead out of its place.  Any
 * thread.
 */
#ifndef PROVIDERS_FILENAME_H
#define PROVIDERS_FILENAME_H

#include "mail/message.h"

/* The part's name with ", \, / and control characters made _ and without dots
 * at its end; when there is none, one made from its type ("attachment.pdf").
 * New string. */
char *filename_make(const struct part *part);

/* The name of an inline part: its Content-ID, by which the html refers to it;
 * without one as above.  New string. */
char *filename_make_inline(const struct part *part);

/* A name in ASCII, letters without a likeness made _.  New string. */
char *filename_ascii(const char *name);

#endif
