/* SPDX-License-Identifier: MIT */
#include "payload.h"

#include "core/json_lift.h"

/* Of the document without its texts and files: ten thousand recipients have
 * room. */
#define JSON_MOST ((size_t)2 << 20)

struct reading {
	struct payload *payload;
	struct payload_piece *piece; /* the one that is lifted; NULL: none */
};

static bool
on_begin(void *object, const char *path)
{
	struct reading *reading = object;

	reading->piece = payload_begin(reading->payload, path, BASE64_LINES);
	return reading->piece != NULL;
}

static void
on_text(void *object, const char *bytes, size_t length)
{
	struct reading *reading = object;

	payload_append(reading->payload, reading->piece, bytes, length);
}

static void
on_end(void *object, bool utf8)
{
	struct reading *reading = object;

	reading->piece->broken = !utf8;
	payload_end(reading->payload, reading->piece);
}

static const struct json_lift_hooks hooks = { on_begin, on_text, on_end };

static void
parse(struct payload *payload, const GString *text)
{
	struct json_tokener *tokener = json_tokener_new_ex(JSON_LIFT_DEPTH + 1);
	struct json_object *object;

	json_tokener_set_flags(
	    tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tokener, text->str, (int)text->len + 1);
	if (json_tokener_get_error(tokener) != json_tokener_success)
		payload_break(payload, 400, "the body is no JSON: %s",
		    json_tokener_error_desc(json_tokener_get_error(tokener)));
	else if (!json_object_is_type(object, json_type_object))
		payload_break(payload, 400,
		    "the body is no JSON object: {\"from\": ..., \"to\": ..., "
		    "...} is expected");
	json_tokener_free(tokener);
	if (payload_is_broken(payload)) {
		json_object_put(object);
		return;
	}
	json_object_put(payload->object);
	payload->object = object;
}

static void
on_bytes(void *lift, const char *bytes, size_t length)
{
	json_lift_feed(lift, bytes, length);
}

void
payload_json_read(struct payload *payload, const struct spool *body)
{
	struct reading reading = { .payload = payload };
	const struct json_lift_options options = {
		.bytes_most = JSON_MOST,
		.hooks = &hooks,
		.object = &reading,
	};
	struct json_lift *lift = json_lift_new(&options);
	const char *problem;

	payload_pour(payload, body, on_bytes, lift);
	const GString *text = json_lift_json(lift, &problem);
	if (text == NULL)
		payload_break(payload, json_lift_is_large(lift) ? 413 : 400,
		    "the body is no JSON that is taken here: %s", problem);
	else if (!payload_is_broken(payload))
		parse(payload, text);
	json_lift_free(lift);
}
