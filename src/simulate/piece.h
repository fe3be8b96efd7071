/* SPDX-License-Identifier: MIT */
/*
 * A piece is one thing that a request carries: a field with its value, or a
 * file.
 */
#ifndef SIMULATE_PIECE_H
#define SIMULATE_PIECE_H

#include "blob.h"

struct piece {
	char *name;
	char *filename;   /* NULL: none was given */
	char *type;       /* its Content-Type; NULL: none */
	char *content_id; /* that the recipient's copy will have; NULL: none */
	bool file;        /* a file; else a field */
	bool dropped;     /* the provider loses it without a word */
	struct blob *body;
};

struct piece *piece_new(const char *name, const char *directory);

/* A field with its value. */
struct piece *piece_new_text(const char *name, const char *value);

/* NULL is fine. */
void piece_free(struct piece *part);

/* The field of that name (case matters) that comes first, or NULL. */
const struct piece *piece_find(const GPtrArray *parts, const char *name);

#endif
