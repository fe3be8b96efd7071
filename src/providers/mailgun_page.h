/* SPDX-License-Identifier: MIT */
/* A page of Mailgun's events, and what each of them has.  Any thread. */
#ifndef PROVIDERS_MAILGUN_PAGE_H
#define PROVIDERS_MAILGUN_PAGE_H

#include <stdint.h>

struct json_object;

/* Milliseconds since 1970; 0: not said. */
int64_t mailgun_page_time(struct json_object *item);

/* The Message-ID in it, mostly without <>; NULL: none.  Borrowed. */
const char *mailgun_page_message_id(struct json_object *item);

/* The path and query of the next page of this domain's events: the host is
 * ours, whatever it says.  NULL: it is no page of these events, or the one at
 * that path again.  New string. */
char *mailgun_page_next(
    struct json_object *json, const char *domain, const char *path);

#endif
