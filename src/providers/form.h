/* SPDX-License-Identifier: MIT */
/*
 * A form is a body of multipart/form-data (RFC 7578) written onto segments.
 * Its boundary is made from the mail's id: random, and not known to whoever
 * wrote the mail, so it cannot stand in it.  Any thread.
 */
#ifndef PROVIDERS_FORM_H
#define PROVIDERS_FORM_H

#include "mail/segment.h"

struct form {
	struct segments *segments; /* borrowed */
	const char *id;            /* borrowed */
};

struct form_file {
	const char *field;      /* of the form */
	const char *name;       /* UTF-8, without ", \ and control characters */
	const char *type;       /* "image/png" */
	const char *parameters; /* "; charset=utf-8", or "" */
};

/* Adds a field of text. */
void form_add(struct form *form, const char *name, const char *value);
void form_add_bytes(struct form *form, const char *name, GBytes *value);

/* Begins a file; its content is what is added to the segments up to
 * form_close_file(). */
void form_open_file(struct form *form, const struct form_file *file);
void form_close_file(struct form *form);

/* No more fields. */
void form_end(struct form *form);

/* The Content-Type of the whole.  New string. */
char *form_content_type(const struct form *form);

#endif
