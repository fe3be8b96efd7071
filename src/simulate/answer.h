/* SPDX-License-Identifier: MIT */
/*
 * An answer is one HTTP response of a simulator, plain data.
 */
#ifndef SIMULATE_ANSWER_H
#define SIMULATE_ANSWER_H

#include <glib.h>
#include <json-c/json.h>

struct answer {
	unsigned status;
	const char *type; /* Content-Type; NULL: none */
	GBytes *body;
	GPtrArray *fields; /* char *, "Name: value" */
};

/* The text is copied, NULL: empty. */
struct answer *answer_new(unsigned status, const char *type, const char *text);

/* Takes the object over. */
struct answer *answer_new_json(unsigned status, struct json_object *object);

/* {"message": text}, as Mailgun says it, and our control door too. */
struct answer *answer_new_message(unsigned status, const char *text);

/* Takes the bytes over. */
struct answer *answer_new_bytes(const char *type, GBytes *bytes);

void answer_free(struct answer *answer);

/* Adds "Name: value". */
void answer_add(struct answer *answer, const char *name, const char *value);

/* The bytes of it as they go over the wire; the connection closes behind. */
GString *answer_print(const struct answer *answer);

/* The words of a status ("Bad Request"). */
const char *answer_phrase(unsigned status);

#endif
