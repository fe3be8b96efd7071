/* SPDX-License-Identifier: MIT */
/*
 * The answer of a transfer while it comes in: bounded, and read for what the
 * translators are told of its header.  The loop's thread.
 */
#ifndef HTTP_ANSWER_H
#define HTTP_ANSWER_H

#include "mail/exchange.h"

/* Of an answer, at most: its body, and apart from that its header. */
#define HTTP_ANSWER_MAX (256 * 1024)

struct http_answer {
	struct http_response *response; /* of the exchange */
	unsigned status;
	bool headed; /* its header ended */
	size_t header_bytes;
	int64_t after_ms; /* of Retry-After; 0: none */
	int64_t reset_ms; /* of X-RateLimit-Reset; 0: none */
};

/* Of a fresh exchange, whose response it fills. */
void http_answer_begin(
    struct http_answer *answer, struct http_response *response);

/* A line of the header, or a piece of the body.  False: there is more than
 * anybody wants to read (a body is cut then). */
bool http_answer_take_line(
    struct http_answer *answer, const char *line, size_t length);
bool http_answer_take_body(
    struct http_answer *answer, const char *bytes, size_t length);

/* It is all there: sets status and retry_ms. */
void http_answer_end(struct http_answer *answer);

#endif
