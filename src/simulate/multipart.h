/* SPDX-License-Identifier: MIT */
/*
 * Reads multipart/form-data (RFC 7578) as it arrives, in pieces of any size,
 * and notices what a provider would silently lose: it is stricter than the
 * readers of the real ones.
 */
#ifndef SIMULATE_MULTIPART_H
#define SIMULATE_MULTIPART_H

#include "piece.h"

struct multipart;

/* The boundary parameter of a Content-Type, or NULL. */
char *multipart_boundary(const char *content_type);

/* directory: for large parts, see blob.h; borrowed. */
struct multipart *multipart_new(const char *boundary, const char *directory);
void multipart_free(struct multipart *multipart);

void multipart_feed(
    struct multipart *multipart, const char *bytes, size_t length);

/* After the last byte: what is wrong with the form as a whole, in the words of
 * a provider ("unexpected EOF"), or NULL. */
const char *multipart_error(const struct multipart *multipart);

/* struct piece *, in order. */
GPtrArray *multipart_parts(const struct multipart *multipart);

/* char *: what is not as it should be, for people. */
GPtrArray *multipart_notes(const struct multipart *multipart);

#endif
