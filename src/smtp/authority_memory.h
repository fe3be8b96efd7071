/* SPDX-License-Identifier: MIT */
/*
 * What was right lately, so that a busy client costs one hash: a MAC of name
 * and password under a key that no one else has and that dies with the process.
 * The same of a name and the place it came from.  Bounded.  One thread.
 */
#ifndef SMTP_AUTHORITY_MEMORY_H
#define SMTP_AUTHORITY_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

struct authority_memory;

/* Remembers for that long since it was last added (0: not at all) so many at
 * most: those that were not for the longest go first. */
struct authority_memory *authority_memory_new(
    int64_t keep_ms, unsigned entries);
void authority_memory_free(struct authority_memory *memory);

/* True when these were right, not long ago. */
bool authority_memory_has(struct authority_memory *memory, const char *name,
    const char *password, int64_t now_ms);

/* They are right. */
void authority_memory_add(struct authority_memory *memory, const char *name,
    const char *password, int64_t now_ms);

/* Others are right from now on. */
void authority_memory_clear(struct authority_memory *memory);

#endif
