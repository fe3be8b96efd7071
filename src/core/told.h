/* SPDX-License-Identifier: MIT */
/*
 * What was told of a config already: keys and sections whose errors stand in
 * the list.  An error that follows from one of them is not told as well.  While
 * one config is read and checked, on one thread.
 */
#ifndef CORE_TOLD_H
#define CORE_TOLD_H

#include <glib.h>
#include <stdbool.h>

struct told;

struct told *told_new(void);
/* NULL is fine. */
void told_free(struct told *told);

/* That key ("state_dir") of that section ("server") is at fault; section NULL:
 * of any, key NULL: the whole section. */
void told_add(struct told *told, const char *section, const char *key);

/* True when the error is about one of them: it names both. */
bool told_has(const struct told *told, const char *error);

#endif
