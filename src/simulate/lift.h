/* SPDX-License-Identifier: MIT */
/*
 * Lifts the texts and files out of a JSON request as it arrives, so that the
 * document json-c is given stays small: the strings behind the keys
 * raw_message, content, html and text become blobs, and a mark stands where
 * they were.  A content is also decoded from base64.
 */
#ifndef SIMULATE_LIFT_H
#define SIMULATE_LIFT_H

#include "blob.h"

struct lift;

struct lifted {
	struct blob *text;    /* as it stood in the JSON, escapes resolved */
	struct blob *decoded; /* behind the key content: from base64; else
			       * NULL */
	bool base64;          /* text is base64 without anything else */
	bool utf8;            /* text is valid UTF-8 */
};

/* directory: see blob.h; borrowed. */
struct lift *lift_new(const char *directory);
void lift_free(struct lift *lift);

void lift_feed(struct lift *lift, const char *bytes, size_t length);

/* After the last byte: the JSON with marks, or NULL when it was too large or a
 * string is not JSON; then *problem says which. */
const GString *lift_json(const struct lift *lift, const char **problem);

/* What was lifted where this string value stood; NULL: it is no mark. */
struct lifted *lift_find(const struct lift *lift, const char *value);

#endif
