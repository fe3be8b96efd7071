/* SPDX-License-Identifier: MIT */
/*
 * Aliases are names without a domain ("root") that stand for an address, as the
 * setting `aliases` of a listener has them.  Immutable; any thread.
 */
#ifndef SMTP_ALIASES_H
#define SMTP_ALIASES_H

#include "mail/address.h"

struct aliases;

/* Reads "root:ops@example.com" each (NULL-terminated; NULL: there are none,
 * and no aliases).  NULL and error, one phrase, when one is not of that form.
 */
struct aliases *aliases_new(const char *const *rows, GError **error);
void aliases_free(struct aliases *aliases);

/* Whom this path (what stands between < and >, length octets) stands for:
 * without case, and only when it has no domain.  A new address; NULL: it is no
 * alias. */
struct address *aliases_find(
    const struct aliases *aliases, const char *path, size_t length);

#endif
