/* SPDX-License-Identifier: MIT */
/*
 * The values of fields, of whatever type they came as; what is of another type
 * than can be meant is an error of that field.  One thread.
 */
#ifndef STATUS_DIALECT_VALUE_H
#define STATUS_DIALECT_VALUE_H

#include "mail/composition.h"
#include "payload.h"

/* A text; NULL: it is none, and there is an error.  New string. */
char *dialect_value_text(
    struct payload *payload, const char *field, struct json_object *value);

/* A text however long; an error when there is one already. */
void dialect_value_spool(struct payload *payload, const char *field,
    struct json_object *value, struct spool **out);

/* Adds a text, or all of a list, to out (char *). */
void dialect_value_texts(struct payload *payload, const char *field,
    struct json_object *value, GPtrArray *out);

/* The same of mailboxes, which are texts, or objects with an address and a
 * name. */
void dialect_value_mailboxes(struct payload *payload, const char *field,
    struct json_object *value, GPtrArray *out);

/* Adds the members of an object, or of a list of objects with name and value,
 * by that function. */
typedef void (*dialect_value_add_fn)(
    struct composition *composition, const char *name, const char *value);
void dialect_value_pairs(struct payload *payload, const char *field,
    struct json_object *value, struct composition *composition,
    dialect_value_add_fn add);

/* Adds an object with name and content, or all of a list. */
void dialect_value_attachments(struct payload *payload, const char *field,
    struct json_object *value, struct composition *composition);

/* yes or no, or an object with opens and clicks. */
void dialect_value_tracking(struct payload *payload, const char *field,
    struct json_object *value, struct composition *composition);

#endif
