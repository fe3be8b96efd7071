/* SPDX-License-Identifier: MIT */
/*
 * The writer puts JSON (RFC 8259) onto segments in one pass, so that a file of
 * any size can be a string without ever being in memory.  Any thread.
 */
#ifndef PROVIDERS_WRITER_H
#define PROVIDERS_WRITER_H

#include "mail/segment.h"

struct writer {
	struct segments *segments; /* borrowed */
	bool comma;                /* the next value needs one before it */
};

/* Begins and ends an object or a list: '{' '}' '[' ']'. */
void writer_open(struct writer *writer, char bracket);
void writer_close(struct writer *writer, char bracket);

/* The name of the next value, which is a member of an object. */
void writer_name(struct writer *writer, const char *name);

/* A value; text that is not valid UTF-8 gets U+FFFD. */
void writer_text(struct writer *writer, const char *text);
void writer_bytes(struct writer *writer, GBytes *text);
void writer_bool(struct writer *writer, bool value);

/* A value that is JSON already. */
void writer_literal(struct writer *writer, const char *json);

/* A name and its text; NULL: nothing is written. */
void writer_member(struct writer *writer, const char *name, const char *text);

/* A string whose inside, escaped already, is what is added to the segments up
 * to writer_close_text(). */
void writer_open_text(struct writer *writer);
void writer_close_text(struct writer *writer);

#endif
