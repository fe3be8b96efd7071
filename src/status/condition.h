/* SPDX-License-Identifier: MIT */
/*
 * A condition is what a client says it has already, so that nothing is sent
 * when that is still so (RFC 9110 13).  Pure.
 */
#ifndef STATUS_CONDITION_H
#define STATUS_CONDITION_H

#include "status.h"

struct condition {
	const char *etags; /* If-None-Match; NULL: not said */
	const char *since; /* If-Modified-Since; NULL: not said */
};

/* True when the client has what the answer's etag, or, where it names none, its
 * modified_ms stand for. */
bool condition_is_known(
    const struct condition *condition, const struct status_answer *answer);

/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 5.6.7). */
#define CONDITION_DATE_LENGTH 30
void condition_print_date(int64_t ms, char out[static CONDITION_DATE_LENGTH]);

#endif
