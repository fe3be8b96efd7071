/* SPDX-License-Identifier: MIT */
#include "response.h"

#include "condition.h"
#include "mail/spool.h"

#define BLOCK_BYTES ((size_t)64 * 1024)

static ssize_t
on_read(void *spool, uint64_t offset, char *bytes, size_t length)
{
	ssize_t got = spool_read(spool, offset, bytes, length);

	if (got > 0)
		return got;
	return got == 0 ? MHD_CONTENT_READER_END_OF_STREAM
			: MHD_CONTENT_READER_END_WITH_ERROR;
}

static void
on_read_done(void *spool)
{
	spool_unref(spool);
}

static void
on_sent(void *body)
{
	g_string_free(body, TRUE);
}

static struct MHD_Response *
make_response(struct status_answer *answer)
{
	GString *body = g_steal_pointer(&answer->body);
	struct spool *spool = g_steal_pointer(&answer->spool);

	if (spool != NULL)
		return MHD_create_response_from_callback(spool_size(spool),
		    BLOCK_BYTES, on_read, spool, on_read_done);
	if (body != NULL)
		return MHD_create_response_from_buffer_with_free_callback_cls(
		    body->len, body->str, on_sent, body);
	return MHD_create_response_from_buffer(
	    answer->length, (void *)answer->bytes, MHD_RESPMEM_PERSISTENT);
}

static void
add_field(struct MHD_Response *response, const char *name, const char *value)
{
	if (value != NULL)
		MHD_add_response_header(response, name, value);
}

static void
add_fields(struct MHD_Response *response, const struct status_answer *answer)
{
	const char *policy = answer->policy;
	const char *cache = answer->cache_control;
	char date[CONDITION_DATE_LENGTH], seconds[16];

	g_snprintf(seconds, sizeof seconds, "%u", answer->retry_after);
	if (answer->modified_ms != 0)
		condition_print_date(answer->modified_ms, date);
	add_field(response, "Content-Type", answer->type);
	add_field(response, "Content-Encoding", answer->encoding);
	add_field(
	    response, "Cache-Control", cache != NULL ? cache : "no-store");
	add_field(response, "X-Content-Type-Options", "nosniff");
	add_field(response, "X-Frame-Options", "SAMEORIGIN");
	add_field(response, "Cross-Origin-Resource-Policy", "same-origin");
	add_field(response, "Referrer-Policy", "no-referrer");
	add_field(response, "Content-Security-Policy",
	    policy != NULL ? policy : "default-src 'none'");
	add_field(response, "Allow", answer->allow);
	add_field(response, "ETag", answer->etag);
	add_field(
	    response, "Last-Modified", answer->modified_ms != 0 ? date : NULL);
	add_field(response, "Location", answer->location);
	add_field(response, "Content-Disposition", answer->disposition);
	add_field(response, "WWW-Authenticate", answer->challenge);
	add_field(
	    response, "Retry-After", answer->retry_after != 0 ? seconds : NULL);
	add_field(response, "Connection", answer->last ? "close" : NULL);
	add_field(
	    response, "Idempotency-Replayed", answer->replayed ? "true" : NULL);
}

enum MHD_Result
response_send(struct MHD_Connection *connection, struct status_answer *answer)
{
	struct MHD_Response *response = make_response(answer);

	g_assert(response != NULL); /* only a want of memory */
	add_fields(response, answer);
	enum MHD_Result result =
	    MHD_queue_response(connection, answer->code, response);
	MHD_destroy_response(response);
	status_answer_clear(answer);
	return result;
}
