/* SPDX-License-Identifier: MIT */
#include "http_answer.h"

#include "core/clock.h"
#include "mail/retry.h"
#include <string.h>

/* Of a header field that is read, its name and value at most. */
#define FIELD_MAX 128

void
http_answer_begin(struct http_answer *answer, struct http_response *response)
{
	*answer = (struct http_answer){ .response = response };
}

/* Another answer begins: what an interim one said is not its. */
static void
read_status(struct http_answer *answer, const char *line)
{
	const char *code = strchr(line, ' ');

	answer->headed = false;
	answer->after_ms = answer->reset_ms = 0;
	answer->status =
	    code != NULL ? (unsigned)g_ascii_strtoull(code, NULL, 10) : 0;
}

/* When to come back, as 429 and 503 say it. */
static void
read_field(struct http_answer *answer, const char *line)
{
	static const char after[] = "Retry-After:";
	static const char reset[] = "X-RateLimit-Reset:";

	if (g_ascii_strncasecmp(line, after, strlen(after)) == 0)
		answer->after_ms =
		    retry_after(line + strlen(after), clock_wall_ms());
	else if (g_ascii_strncasecmp(line, reset, strlen(reset)) == 0)
		answer->reset_ms =
		    retry_at_reset(line + strlen(reset), clock_wall_ms());
}

/* After the body there may be more fields (trailers): they are not read. */
bool
http_answer_take_line(
    struct http_answer *answer, const char *line, size_t length)
{
	char text[FIELD_MAX];

	answer->header_bytes += length;
	if (answer->header_bytes > HTTP_ANSWER_MAX)
		return false;
	if (answer->headed)
		return true;
	memcpy(text, line, MIN(length, sizeof text - 1));
	text[MIN(length, sizeof text - 1)] = '\0';
	if (g_str_has_prefix(text, "HTTP/"))
		read_status(answer, text);
	else if (text[0] == '\r' || text[0] == '\n')
		answer->headed = answer->status >= 200;
	else
		read_field(answer, text);
	return true;
}

bool
http_answer_take_body(
    struct http_answer *answer, const char *bytes, size_t length)
{
	struct http_response *response = answer->response;
	size_t room = HTTP_ANSWER_MAX - response->body->len;

	g_string_append_len(response->body, bytes, (gssize)MIN(length, room));
	response->cut = length > room;
	return !response->cut;
}

void
http_answer_end(struct http_answer *answer)
{
	answer->response->status = answer->status;
	answer->response->retry_ms =
	    answer->after_ms > 0 ? answer->after_ms : answer->reset_ms;
}
