/* SPDX-License-Identifier: MIT */
/*
 * A payload is what a request says of a mail, whatever it was written in: an
 * object of JSON whose long texts and files stand beside it as pieces, in
 * spools.  JSON is that already; a form becomes the same: names like
 * attachments[0][name] are taken apart, what is said twice is a list.  One
 * thread.
 */
#ifndef STATUS_PAYLOAD_H
#define STATUS_PAYLOAD_H

#include "core/base64.h"
#include "page.h"

/* A long text, or a file. */
struct payload_piece {
	struct spool *spool; /* sealed once the payload was read */
	bool encoded;        /* came in base64, and is decoded... */
	struct base64 base64;
	bool broken; /* ...but that was none; or a text that is no UTF-8 */
};

struct payload {
	const struct spool_place *place;
	struct json_object *object;
	GPtrArray *pieces; /* struct payload_piece * */
	GPtrArray *errors; /* struct composition_error *: of single fields */
	bool loose;        /* a form: all values are texts */

	/* why it cannot be read */
	unsigned code; /* 0: it can; else as of an answer */
	char *why;
	int failure; /* errno of a spool; 0: none */
};

/* Reads the body of the request.  False, and the request is answered, when it
 * is of no such type or not well-formed; errors of single fields wait in
 * `errors`.  To be cleared in any case. */
bool payload_read(struct payload *payload, const struct page *page,
    struct status_answer *answer);
void payload_clear(struct payload *payload);

/* What stands in the place of a text value; NULL: it is short, or none. */
struct payload_piece *payload_find(
    const struct payload *payload, struct json_object *value);

/* ---- for those that read one type ---- */

/* It cannot be read: the first reason stays. */
void payload_break(struct payload *payload, unsigned code, const char *format,
    ...) G_GNUC_PRINTF(3, 4);
bool payload_is_broken(const struct payload *payload);

/* Gives on the body (NULL: empty) in blocks, as long as it is not broken. */
typedef void (*payload_fn)(void *object, const char *bytes, size_t length);
void payload_pour(struct payload *payload, const struct spool *body,
    payload_fn take, void *object);

/* The piece for the value at that path ("text", "attachments[].content"); NULL:
 * it is no piece, but a value to be held.  leave is what may stand in base64.
 */
struct payload_piece *payload_begin(
    struct payload *payload, const char *path, enum base64_leave leave);

/* A piece of a file, or of a text; encoded: from base64. */
struct payload_piece *payload_add(
    struct payload *payload, bool encoded, enum base64_leave leave);
void payload_append(struct payload *payload, struct payload_piece *piece,
    const char *bytes, size_t length);
/* No more bytes. */
void payload_end(struct payload *payload, struct payload_piece *piece);

/* The value that stands for the last piece. */
struct json_object *payload_mark(const struct payload *payload);

void payload_json_read(struct payload *payload, const struct spool *body);
void payload_form_read(struct payload *payload, const struct spool *body);
void payload_multipart_read(
    struct payload *payload, const struct spool *body, const char *boundary);

#endif
