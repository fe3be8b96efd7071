/* SPDX-License-Identifier: MIT */
/*
 * Facts are the members of an answer's JSON, read without trust: what is
 * missing or of another type is nothing, and texts are made harmless for a
 * terminal.  The main thread.
 */
#ifndef FACT_H
#define FACT_H

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

/* The body of an answer as an object, to be put; NULL, said on stderr: it is
 * none. */
struct json_object *fact_parse(const GString *body);

/* The words of a problem, whatever the body is.  New string. */
char *fact_detail(const GString *body);

/* New string, one printable line; NULL: there is none. */
char *fact_text(struct json_object *object, const char *key);

/* The same, but never NULL: `nothing` instead. */
char *fact_text_or(
    struct json_object *object, const char *key, const char *nothing);

/* True when the text of the key is this word. */
bool fact_is(struct json_object *object, const char *key, const char *word);

uint64_t fact_number(struct json_object *object, const char *key);
int64_t fact_signed(struct json_object *object, const char *key);
bool fact_flag(struct json_object *object, const char *key);

/* A date as milliseconds of the wall clock; 0: none. */
int64_t fact_time(struct json_object *object, const char *key);

/* A member that is an object; NULL: none. */
struct json_object *fact_object(struct json_object *object, const char *key);

/* How many elements the array has, and one of them. */
size_t fact_count(struct json_object *object, const char *key);
struct json_object *fact_element(
    struct json_object *object, const char *key, size_t i);

/* An element that is a text; never NULL.  New string. */
char *fact_text_at(struct json_object *object, const char *key, size_t i);

#endif
