/* SPDX-License-Identifier: MIT */
/*
 * A part is one thing that a request carries: a field with its value, or a
 * file.
 */
#ifndef SIMULATE_PART_H
#define SIMULATE_PART_H

#include "blob.h"

struct part {
	char *name;
	char *filename;   /* NULL: none was given */
	char *type;       /* its Content-Type; NULL: none */
	char *content_id; /* that the recipient's copy will have; NULL: none */
	bool file;        /* a file; else a field */
	bool dropped;     /* the provider loses it without a word */
	struct blob *body;
};

struct part *part_new(const char *name, const char *directory);

/* A field with its value. */
struct part *part_new_text(const char *name, const char *value);

void part_free(struct part *part);

/* The field of that name (case matters) that comes first, or NULL. */
const struct part *part_find(const GPtrArray *parts, const char *name);

/* The value of a field that is in memory as a whole, else NULL. */
const char *part_value(const GPtrArray *parts, const char *name);

#endif
