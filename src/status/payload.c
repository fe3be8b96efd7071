/* SPDX-License-Identifier: MIT */
#include "payload.h"

#include "core/form_data.h"
#include "core/json_lift.h"
#include "mail/composition.h"
#include "media_type.h"
#include <errno.h>
#include <string.h>

/* More than a mail may have parts. */
#define PIECES_MOST 1000

#define BLOCK_BYTES (16 * 1024)

/* RFC 2046 5.1.1 */
#define BOUNDARY_MOST 70

static void
on_piece_free(void *object)
{
	struct payload_piece *piece = object;

	g_clear_pointer(&piece->spool, spool_unref);
	g_free(piece);
}

void
payload_break(struct payload *payload, unsigned code, const char *format, ...)
{
	va_list arguments;

	if (payload->code != 0)
		return;
	va_start(arguments, format);
	payload->why = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	payload->code = code;
}

bool
payload_is_broken(const struct payload *payload)
{
	return payload->code != 0;
}

/* The disk or the memory, not the client. */
static void
fail(struct payload *payload)
{
	bool full = errno == ENOSPC || errno == EDQUOT;

	payload_break(payload, full ? 507 : 503,
	    "what was sent cannot be kept now: %s; send it again later",
	    g_strerror(errno));
}

void
payload_pour(struct payload *payload, const struct spool *body, payload_fn take,
    void *object)
{
	uint64_t size = body != NULL ? spool_size(body) : 0, at = 0;
	char bytes[BLOCK_BYTES];

	while (at < size && !payload_is_broken(payload)) {
		ssize_t got = spool_read(body, at, bytes, sizeof bytes);

		if (got <= 0)
			payload_break(payload, 503,
			    "the body cannot be read; send it again");
		else
			take(object, bytes, (size_t)got);
		at += (uint64_t)MAX(got, 0);
	}
}

struct payload_piece *
payload_add(struct payload *payload, bool encoded, enum base64_leave leave)
{
	struct payload_piece *piece = g_new0(struct payload_piece, 1);

	piece->spool = spool_new(payload->place);
	piece->encoded = encoded;
	piece->base64.leave = leave;
	g_ptr_array_add(payload->pieces, piece);
	if (payload->pieces->len > PIECES_MOST)
		payload_break(payload, 413,
		    "there are more than %d texts and files", PIECES_MOST);
	return piece;
}

static bool
is_one_of(const char *word, const char *const *words)
{
	return g_strv_contains(words, word);
}

struct payload_piece *
payload_begin(
    struct payload *payload, const char *path, enum base64_leave leave)
{
	static const char *const texts[] = { "text", "html", "body", NULL };
	static const char *const contents[] = { "attachments[].content",
		"attachments[].data", "attachments[].base64",
		"attachments.content", "attachments.data", "attachments.base64",
		NULL };

	if (is_one_of(path, texts))
		return payload_add(payload, false, leave);
	if (is_one_of(path, contents))
		return payload_add(payload, true, leave);
	return NULL;
}

static void
keep(struct payload *payload, struct payload_piece *piece, const void *bytes,
    size_t length)
{
	if (!payload_is_broken(payload) &&
	    !spool_append(piece->spool, bytes, length))
		fail(payload);
}

void
payload_append(struct payload *payload, struct payload_piece *piece,
    const char *bytes, size_t length)
{
	guchar out[BASE64_ROOM(4 * 1024)];

	if (!piece->encoded) {
		keep(payload, piece, bytes, length);
		return;
	}
	while (length > 0) {
		size_t now = MIN(length, 4 * 1024);

		keep(payload, piece, out,
		    base64_feed(&piece->base64, bytes, now, out));
		bytes += now;
		length -= now;
	}
}

void
payload_end(struct payload *payload, struct payload_piece *piece)
{
	if (piece->encoded && !base64_is_whole(&piece->base64))
		piece->broken = true;
	if (!payload_is_broken(payload) && !spool_seal(piece->spool))
		fail(payload);
}

struct json_object *
payload_mark(const struct payload *payload)
{
	g_autofree char *mark = json_lift_make_mark(payload->pieces->len - 1);

	return json_object_new_string(mark);
}

struct payload_piece *
payload_find(const struct payload *payload, struct json_object *value)
{
	long n = json_lift_mark(json_object_get_string(value));

	return n >= 0 && n < (long)payload->pieces->len
		   ? payload->pieces->pdata[n]
		   : NULL;
}

static void
read_multipart(
    struct payload *payload, const struct spool *body, const char *type)
{
	g_autofree char *boundary = form_data_boundary(type);

	if (boundary == NULL || *boundary == '\0' ||
	    strlen(boundary) > BOUNDARY_MOST)
		payload_break(payload, 400,
		    "Content-Type: a boundary of 1 to %d characters is "
		    "expected",
		    BOUNDARY_MOST);
	else
		payload_multipart_read(payload, body, boundary);
}

static void
read_body(struct payload *payload, const struct spool *body, const char *type)
{
	payload->loose = true;
	if (media_type_is(type, "multipart/form-data")) {
		read_multipart(payload, body, type);
	} else if (media_type_is(type, "application/x-www-form-urlencoded")) {
		payload_form_read(payload, body);
	} else if (media_type_is(type, "application/json")) {
		payload->loose = false;
		payload_json_read(payload, body);
	} else {
		payload_break(payload, 415,
		    "Content-Type is %s%s%s; application/json, "
		    "application/x-www-form-urlencoded or multipart/form-data "
		    "is expected here",
		    type != NULL ? "\"" : "", type != NULL ? type : "not said",
		    type != NULL ? "\"" : "");
	}
}

bool
payload_read(struct payload *payload, const struct page *page,
    struct status_answer *answer)
{
	const struct spool *body = page->request->body;

	*payload = (struct payload){
		.place = page->options->place,
		.object = json_object_new_object(),
		.pieces = g_ptr_array_new_with_free_func(on_piece_free),
		.errors = composition_errors_new(),
	};
	read_body(payload, body, page_field(page, "Content-Type"));
	if (payload->code == 0)
		return true;
	page_refuse(answer, payload->code, "%s", payload->why);
	if (payload->code == 503)
		answer->retry_after = 30;
	return false;
}

void
payload_clear(struct payload *payload)
{
	g_clear_pointer(&payload->object, json_object_put);
	g_clear_pointer(&payload->pieces, g_ptr_array_unref);
	g_clear_pointer(&payload->errors, g_ptr_array_unref);
	g_clear_pointer(&payload->why, g_free);
}
