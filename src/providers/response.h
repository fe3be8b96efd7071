/* SPDX-License-Identifier: MIT */
/*
 * The HTTP response as the translators read it: its JSON when it is strictly
 * that and whole, its text for people when it is a page of some gateway, and
 * what a table of verdicts makes of both.  The dispatch thread.
 */
#ifndef PROVIDERS_RESPONSE_H
#define PROVIDERS_RESPONSE_H

#include "mail/exchange.h"
#include "mail/outcome.h"

struct json_object;

/* The body as JSON, to be put by json_object_put(); bytes that are no UTF-8
 * (RFC 8259 8.1) become U+FFFD.  NULL when it is cut, empty, nested deeper than
 * 32 or not JSON to its last byte. */
struct json_object *response_parse(const struct http_response *response);

/* The same of any bytes. */
struct json_object *response_read(const char *bytes, size_t length);

/* A member of an object, NULL when it is missing or no string without NUL.
 * Lives as long as the object. */
const char *response_member(struct json_object *object, const char *name);

/* What the body says: the title of an HTML page, else the text; "" when there
 * is none.  New string. */
char *response_text(const struct http_response *response);

/* Sets all verdicts by the first row that fits status and text.  A row of class
 * DOUBT is an outage when the body had not left as a whole.  When no row fits
 * the outcome is unknown: a 4xx the mail's fault here, all else a doubt. */
void response_judge(const struct exchange *exchange,
    const struct verdict_table *table, const char *text,
    struct outcome *outcome);

#endif
