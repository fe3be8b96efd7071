/* SPDX-License-Identifier: MIT */
/*
 * Finds our own name in Received fields: " by NAME (postferry)", as raw.c
 * writes it, however it was folded since.  A mail that has it several times
 * goes in a circle.  Fed the bytes of one field after the other, each in any
 * number of pieces; constant memory.
 */
#ifndef MAIL_HOP_H
#define MAIL_HOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hop {
	const char *name; /* ours; borrowed; NULL: nothing is found */
	size_t length;    /* of it */
	size_t matched;   /* characters of what is looked for */
	bool blank;       /* the last byte was one */
	bool here;        /* found in the field under way */
	uint32_t found;   /* fields that have it */
};

void hop_start(struct hop *hop, const char *name);

/* A new field begins. */
void hop_begin(struct hop *hop);
void hop_take(struct hop *hop, const unsigned char *bytes, size_t length);

#endif
