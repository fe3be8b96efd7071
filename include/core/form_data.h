/* SPDX-License-Identifier: MIT */
/*
 * Form data is a multipart/form-data body (RFC 7578) read as it arrives, in
 * pieces of any size: the head of each part, then its bytes.  Strict: what
 * others would guess at is broken here.  One thread.
 */
#ifndef CORE_FORM_DATA_H
#define CORE_FORM_DATA_H

#include <glib.h>
#include <stdbool.h>

struct form_data;

/* The head of a part, borrowed for the call. */
struct form_data_part {
	char *name;           /* never NULL or empty */
	char *filename;       /* NULL: it is no file */
	char *extended;       /* filename*=, as it stands there; NULL: none */
	char *type;           /* Content-Type; NULL: none */
	char *content_id;     /* NULL: none */
	char *encoding;       /* Content-Transfer-Encoding; NULL: none */
	GPtrArray *strangers; /* char *: names of other fields */
};

/* What is done with the parts. */
struct form_data_hooks {
	/* One begins; false: nobody wants to read on. */
	bool (*begin)(void *object, const struct form_data_part *part);
	/* Some of its body; the same. */
	bool (*body)(void *object, const char *bytes, size_t length);
	/* It is over; the same. */
	bool (*end)(void *object);
};

/* The boundary parameter of a Content-Type; NULL: none.  New string. */
char *form_data_boundary(const char *content_type);

/* The hooks are lasting. */
struct form_data *form_data_new(
    const char *boundary, const struct form_data_hooks *hooks, void *object);
void form_data_free(struct form_data *form); /* NULL is fine */

void form_data_feed(struct form_data *form, const char *bytes, size_t length);

/* After the last byte: what is wrong with the form (a literal), NULL: nothing.
 */
const char *form_data_fault(const struct form_data *form);

/* True when it ended before its last boundary. */
bool form_data_is_cut(const struct form_data *form);

#endif
