/* SPDX-License-Identifier: MIT */
/*
 * A page is one thing that can be asked for: what its handler is given, and how
 * it writes its answer.  Any thread that may wait.
 */
#ifndef STATUS_PAGE_H
#define STATUS_PAGE_H

#include "status.h"
#include "target.h"
#include <json-c/json.h>

/* One request, borrowed for the call. */
struct page {
	const struct status_options *options;
	const struct request *request;
	const struct target *target;
	const char *who;         /* never NULL where a scope is needed */
	unsigned scopes;         /* enum scope */
	bool draining;           /* postferry stops */
	struct sampler *sampler; /* NULL: nobody looks */
	struct census *census;   /* NULL: no store */
	struct revisions *revisions;
	enum store_question question; /* of the acts: which */
};

/* Fills in the answer, which is empty. */
typedef void (*page_fn)(const struct page *page, struct status_answer *answer);

/* A field of the head; NULL: none. */
const char *page_field(const struct page *page, const char *name);

/* Answers with the object, which is taken over. */
void page_answer(struct status_answer *answer, struct json_object *object);

/* Answers that it cannot be: RFC 9457, the detail in words for people. */
void page_refuse(struct status_answer *answer, unsigned code,
    const char *format, ...) G_GNUC_PRINTF(3, 4);

/* The same with more to be said: the problem, which page_problem() made, is
 * taken over. */
struct json_object *page_problem(unsigned code, const char *detail);
void page_refuse_with(
    struct status_answer *answer, unsigned code, struct json_object *problem);

/* With etag or modified_ms in the answer: true when the client has that already
 * (RFC 9110 13.2.2); then the request is answered, 304, and all work for a body
 * would be in vain. */
bool page_is_known(const struct page *page, struct status_answer *answer);

/* The store's answer to a question, to be cleared; false when there is none: no
 * store, or it cannot say: then the request is answered. */
bool page_ask(const struct page *page, struct store_ask *ask,
    struct status_answer *answer);

/* The counts of the queue: whoever is known waits as long as it takes, others
 * for counts_ms.  False when there are none: then the request is answered. */
bool page_count(const struct page *page, struct store_counts *counts,
    struct status_answer *answer);

/* The parameter state: an enum store_place up to the last; up to FINISHED also
 * UNFINISHED and ANYWHERE, which it is when not given, else UNFINISHED.  False
 * when it is another word than these: then the request is answered. */
bool page_read_state(const struct page *page, int *place, int last,
    struct status_answer *answer);

/* True for the form of an id, whose letters become capitals in out. */
bool page_read_id(const char *text, char out[static ID_LENGTH + 1]);

/* Adds a member: text made valid UTF-8, NULL is null. */
void page_add_text(
    struct json_object *object, const char *key, const char *text);

/* A date of the wall clock in RFC 3339; 0 is null. */
void page_add_time(struct json_object *object, const char *key, int64_t ms);

void page_add_flag(struct json_object *object, const char *key, bool flag);
void page_add_number(
    struct json_object *object, const char *key, uint64_t number);

#endif
