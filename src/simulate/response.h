/* SPDX-License-Identifier: MIT */
/*
 * A response is one HTTP answer of a simulator, plain data.
 */
#ifndef SIMULATE_RESPONSE_H
#define SIMULATE_RESPONSE_H

#include <glib.h>
#include <json-c/json.h>

struct response {
	unsigned status;
	const char *type; /* Content-Type; NULL: none */
	GBytes *body;
	GPtrArray *fields; /* char *, "Name: value" */
};

/* The text is copied, NULL: empty. */
struct response *response_new(
    unsigned status, const char *type, const char *text);

/* Takes the object over. */
struct response *response_new_json(unsigned status, struct json_object *object);

/* {"message": text}, as Mailgun says it, and our control door too. */
struct response *response_new_message(unsigned status, const char *text);

/* Takes the bytes over. */
struct response *response_new_bytes(const char *type, GBytes *bytes);

void response_free(struct response *answer);

/* Adds "Name: value". */
void response_add(struct response *answer, const char *name, const char *value);

/* The bytes of it as they go over the wire; the connection closes behind. */
GString *response_print(const struct response *answer);

/* The words of a status ("Bad Request"). */
const char *response_phrase(unsigned status);

#endif
