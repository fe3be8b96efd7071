/* SPDX-License-Identifier: MIT */
/*
 * A target is what a request asks for (RFC 9112 3.2.1): the segments of its
 * path and the parameters of its query, decoded.  Plain data.
 */
#ifndef STATUS_TARGET_H
#define STATUS_TARGET_H

#include <glib.h>
#include <stdbool.h>

struct target {
	char **segments;   /* "/v1/messages" is "v1", "messages" */
	GPtrArray *names;  /* char *, of the parameters, each once */
	GPtrArray *values; /* char *, beside them */
};

/* Reads the text into target, which holds nothing yet.  False, and target holds
 * nothing, when it is none: *why (a literal) says what is wrong. */
bool target_read(struct target *target, const char *text, const char **why);
void target_clear(struct target *target);

/* True when the path is this one; a segment "*" of the pattern is any one. */
bool target_fits(const struct target *target, const char *pattern);

/* The value of a parameter; NULL: not given. */
const char *target_parameter(const struct target *target, const char *name);

/* The first parameter that is not one of these (separated by commas); NULL:
 * none. */
const char *target_stranger(const struct target *target, const char *known);

#endif
