/* SPDX-License-Identifier: MIT */
/*
 * A value is what a user wrote for one key, read by its form.  Made by one
 * thread, then immutable.
 */
#ifndef CORE_VALUE_H
#define CORE_VALUE_H

#include "core/setting.h"
#include <glib.h>

struct value {
	const struct setting *setting;
	char *text;        /* as written; of a secret: wiped when freed */
	int64_t number;    /* numbers, sizes, durations (ms), booleans */
	char **list;       /* lists */
	GArray *networks;  /* networks: struct network */
	GArray *durations; /* durations: int64_t, ms */
};

/* Reads text; NULL and an error that says what is allowed, and shows of a
 * secret nothing. */
struct value *value_new(
    const struct setting *setting, const char *text, GError **error);
void value_free(struct value *value);

#endif
