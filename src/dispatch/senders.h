/* SPDX-License-Identifier: MIT */
/*
 * The From domains one provider refuses: a breaker for each, held until the
 * domain is tried again.  Pure.
 */
#ifndef DISPATCH_SENDERS_H
#define DISPATCH_SENDERS_H

#include "breaker.h"

#include <glib.h>

/* Domains that are remembered; of more, those whose time is over are forgotten,
 * and when there are none, no more are taken in. */
#define SENDERS_MAX 1000

/* From domain -> struct breaker. */
GHashTable *senders_new(void);

/* NULL: it is not refused. */
struct breaker *senders_find(GHashTable *senders, const char *from_domain);

/* Refused from now on, or again.  True when it was not before; false of one
 * that there is no room for, or it would be news with each mail. */
bool senders_close(GHashTable *senders, const char *from_domain, int64_t now_ms,
    int64_t pause_ms);

/* Those that are refused now, sorted: new, NULL-terminated; NULL: none. */
char **senders_list(GHashTable *senders, int64_t now_ms);

#endif
