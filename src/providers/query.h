/* SPDX-License-Identifier: MIT */
/*
 * A query is a request that brings no mail: a question after one, or after the
 * account.  How it is put, and what an answer means that does not answer it.
 * The dispatch thread.
 */
#ifndef PROVIDERS_QUERY_H
#define PROVIDERS_QUERY_H

#include "mail/exchange.h"
#include "mail/health.h"
#include "mail/inquiry.h"

struct json_object;

/* Makes the exchange a GET of the path, at that endpoint, which outlives it. */
void query_get(struct exchange *exchange, const struct endpoint *endpoint,
    const char *path);

/* Makes it a POST of the JSON in the body; takes the object over. */
void query_post(
    struct exchange *exchange, const char *path, struct json_object *json);

/* The answer's JSON when it is of that status, as response_parse(); else
 * NULL. */
struct json_object *query_answer(
    const struct exchange *exchange, unsigned status);

/* A member of an object of that type (enum json_type), or NULL.  Borrowed. */
struct json_object *query_member(
    struct json_object *object, const char *name, int type);

/* The texts of an array that is a member of the object, as a new array ending
 * with NULL; NULL: there are none. */
char **query_texts(struct json_object *object, const char *name);

/* What the answer says, in one line with its status: "HTTP 401: Forbidden"; of
 * an exchange without one what went wrong.  New string. */
char *query_text(const struct exchange *exchange);

/* What it says is that we ask too often. */
bool query_is_throttle(const struct exchange *exchange, const char *text);

/* The answer is no answer to the inquiry: not answered, for the reason given by
 * exchange and text. THROTTLE by the above, ACCOUNT when this key may not ask
 * (401 to 407 and redirects), else OUTAGE. */
void query_refuse(const struct exchange *exchange, const char *text,
    struct inquiry_reply *reply);

/* True when there is no answer that says how the account is, but how the way
 * there is: the health is set. */
bool query_is_unreachable(
    const struct exchange *exchange, struct health *health);

/* After the first request of an exchange: what was found before is forgotten.
 */
void query_begin(const struct exchange *exchange, struct health *health);

/* Adds a finding to the health: the worst is kept, of equals the first. */
void query_find(struct health *health, const struct health *finding);

#endif
