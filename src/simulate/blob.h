/* SPDX-License-Identifier: MIT */
/*
 * A blob is bytes that came in: one value of a form, one attachment, one raw
 * mail.  Small ones stay in memory.  Larger ones go to a file where there is a
 * directory; where there is none only their beginning, their length and their
 * hash are kept, so that many mails of 25 MB cost little.
 */
#ifndef SIMULATE_BLOB_H
#define SIMULATE_BLOB_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct blob;
struct lines;

/* directory: where a large one goes; NULL: memory only.  Borrowed. */
struct blob *blob_new(const char *directory);

/* NULL is fine.  A file that was not stored is removed. */
void blob_free(struct blob *blob);

void blob_append(struct blob *blob, const void *bytes, size_t length);

/* Before the first append: looks at its lines as they come (lines.h). */
void blob_watch(struct blob *blob);

/* What was seen; NULL: it was not watched. */
const struct lines *blob_lines(const struct blob *blob);

uint64_t blob_size(const struct blob *blob);

/* Bytes of it that are in memory now. */
size_t blob_memory(const struct blob *blob);

/* The first bytes, up to 64 KiB, always there until blob_forget(); also ends
 * with a NUL that is not counted. */
const char *blob_head(const struct blob *blob, size_t *length);

/* All of it with a NUL behind, or NULL when it is not in memory. */
const char *blob_text(const struct blob *blob);

/* 64 hexadecimal digits; nothing may be appended from then on. */
const char *blob_sha256(struct blob *blob);

/* All of it, from memory or its file.  NULL and error when it was not kept. */
GBytes *blob_read(const struct blob *blob, GError **error);

/* Puts it into a file of that name for good. */
bool blob_store(struct blob *blob, const char *path, GError **error);

/* The file it was stored in; NULL: none. */
const char *blob_path(const struct blob *blob);

/* Gives the memory back; length and hash stay. */
void blob_forget(struct blob *blob);

#endif
