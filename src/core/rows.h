/* SPDX-License-Identifier: MIT */
/*
 * The rows of all tables of forms in one list, and what is asked of them.
 * Immutable; the rows belong to the tables.
 */
#ifndef CORE_ROWS_H
#define CORE_ROWS_H

#include "core/setting.h"
#include <glib.h>

/* What a secret's key ends with when its value is a path. */
#define ROWS_FILE_SUFFIX "_file"

struct rows;

struct rows *rows_new(const struct setting *const *tables);
void rows_free(struct rows *rows);

/* The kinds of section there are, in the order of the tables. */
const char *const *rows_kinds(const struct rows *rows);

/* True for a kind of which there is one section, without a name. */
bool rows_is_nameless(const char *kind);

/* The rows of all kinds, ending with NULL. */
const struct setting *const *rows_all(const struct rows *rows);

/* The form of a key in sections of a kind.  `type` is the section's type: the
 * row is one that belongs to it or to any; NULL: the first row with that key.
 * NULL when there is none. */
const struct setting *rows_find(const struct rows *rows, const char *kind,
    const char *key, const char *type);

/* True when the row counts in a section of this type (NULL: it has none). */
bool rows_applies(const struct setting *row, const char *type);

/* The keys that a user may write in sections of a kind, KEY_file of secrets
 * among them, each once.  Owns its texts. */
GPtrArray *rows_keys(const struct rows *rows, const char *kind);

/* The one of `known` (char *) that `word` is most likely meant to be, without
 * regard to case; NULL when none is near. */
const char *rows_nearest(const char *word, const GPtrArray *known);

#endif
