/* SPDX-License-Identifier: MIT */
/*
 * The news tell whoever sends of what changed in the suppression list, when
 * it is on disk.
 */
#ifndef STORE_NEWS_H
#define STORE_NEWS_H

#include "state.h"

/* The address, which is taken over, is on the list now. */
void news_add(struct store *store, char *address, enum suppression_why why);

/* What SUPPRESS or UNSUPPRESS asked for is done. */
void news_tell(struct store *store, const struct store_ask *ask);

#endif
