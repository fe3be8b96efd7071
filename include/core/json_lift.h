/* SPDX-License-Identifier: MIT */
/*
 * Lifts long strings out of a JSON text as it arrives, so that the document a
 * JSON library is given stays small: where one stood there is a mark.  Only
 * strings and nesting are understood here: everything between strings, and
 * every string that is not lifted, is passed on as it is for the library to
 * judge.  One thread.
 */
#ifndef CORE_JSON_LIFT_H
#define CORE_JSON_LIFT_H

#include <glib.h>
#include <stdbool.h>

struct json_lift;

/* Bytes of a key that are looked at; a longer one is cut. */
#define JSON_LIFT_KEY_BYTES 16

/* Objects and arrays in each other. */
#define JSON_LIFT_DEPTH 32

/* What is done with what is lifted. */
struct json_lift_hooks {
	/* A string value begins at that path ("text", "attachments[].content",
	 * keys cut, escapes in them as they are): true when it is lifted. */
	bool (*begin)(void *object, const char *path);
	/* Some of it, its escapes resolved. */
	void (*text)(void *object, const char *bytes, size_t length);
	/* It is over; false when it was not UTF-8. */
	void (*end)(void *object, bool utf8);
};

struct json_lift_options {
	size_t bytes_most; /* of the document without what is lifted */
	const struct json_lift_hooks *hooks; /* lasting */
	void *object;
};

struct json_lift *json_lift_new(const struct json_lift_options *options);
void json_lift_free(struct json_lift *lift); /* NULL is fine */

void json_lift_feed(struct json_lift *lift, const char *bytes, size_t length);

/* After the last byte: the JSON with marks, or NULL when it was too large, too
 * deep or a string is not JSON; then *problem (a literal) says which. */
const GString *json_lift_json(
    const struct json_lift *lift, const char **problem);

/* True when that was because of its size. */
bool json_lift_is_large(const struct json_lift *lift);

/* The number, from 0, of the lifted string in whose place this value stands;
 * -1: it is no mark. */
long json_lift_mark(const char *value);

/* A value that stands for number n.  New string. */
char *json_lift_make_mark(unsigned n);

#endif
