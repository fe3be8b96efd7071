/* SPDX-License-Identifier: MIT */
#include "payload.h"

#include "core/form_data.h"
#include "mail/composition.h"
#include "mail/spool.h"
#include "payload_tree.h"
#include <string.h>

/* Of all values that are held. */
#define VALUES_MOST ((size_t)2 << 20)

#define ATTACHMENTS "attachments"

struct reading {
	struct payload *payload;
	char *name;                  /* of the part */
	GString *value;              /* of a field that is held */
	struct payload_piece *piece; /* else */
	struct json_object *file;    /* what is said of it; NULL: a field */
	size_t held;
};

/* Fields whose text may come as a file: curl -F text=@file. */
static bool
is_text(const char *name)
{
	static const char *const texts[] = { "text", "html", "body", NULL };

	return g_strv_contains(texts, name);
}

/* Some browsers send the whole path. */
static const char *
find_base(const char *filename)
{
	const char *base = filename;

	for (; *filename != '\0'; filename++)
		if (*filename == '/' || *filename == '\\')
			base = filename + 1;
	return base;
}

/* Its member, made valid UTF-8 as file names of old systems may not be. */
static void
add_member(struct json_object *file, const char *key, const char *text)
{
	if (text != NULL && *text != '\0')
		page_add_text(file, key, text);
}

/* Of a part whose name is inline, the file's name is its Content-ID. */
static struct json_object *
describe(const struct form_data_part *part)
{
	struct json_object *file = json_object_new_object();
	const char *name = find_base(part->filename);
	bool in_line = strcmp(part->name, "inline") == 0 ||
		       g_str_has_prefix(part->name, "inline[");

	add_member(file, "name", name);
	add_member(file, "type", part->type);
	add_member(file, "content_id",
	    part->content_id != NULL ? part->content_id
	    : in_line                ? name
				     : NULL);
	if (in_line)
		page_add_flag(file, "inline", true);
	return file;
}

/* True when the bytes are base64; what is neither that nor as it is breaks the
 * payload. */
static bool
is_encoded(struct payload *payload, const struct form_data_part *part)
{
	static const char *const plain[] = { "7bit", "8bit", "binary" };

	if (part->encoding == NULL)
		return false;
	for (unsigned i = 0; i < G_N_ELEMENTS(plain); i++)
		if (g_ascii_strcasecmp(part->encoding, plain[i]) == 0)
			return false;
	if (g_ascii_strcasecmp(part->encoding, "base64") != 0)
		payload_break(payload, 400,
		    "Content-Transfer-Encoding of part \"%s\": base64 or "
		    "binary is expected",
		    part->name);
	return true;
}

static bool
on_begin(void *object, const struct form_data_part *part)
{
	struct reading *reading = object;
	struct payload *payload = reading->payload;
	g_autofree char *path = payload_tree_path(part->name);
	bool encoded = is_encoded(payload, part);

	reading->name = g_strdup(part->name);
	g_string_truncate(reading->value, 0);
	if (part->filename != NULL && !is_text(part->name))
		reading->file = describe(part);
	reading->piece = reading->file != NULL || encoded
			     ? payload_add(payload, encoded, BASE64_LINES)
			     : payload_begin(payload, path, BASE64_LINES);
	return !payload_is_broken(payload);
}

static bool
on_body(void *object, const char *bytes, size_t length)
{
	struct reading *reading = object;
	struct payload *payload = reading->payload;

	if (reading->piece != NULL) {
		payload_append(payload, reading->piece, bytes, length);
		return !payload_is_broken(payload);
	}
	g_string_append_len(reading->value, bytes, (gssize)length);
	reading->held += length;
	if (reading->held > VALUES_MOST)
		payload_break(payload, 413,
		    "the form is too large even without its texts and files");
	return !payload_is_broken(payload);
}

static void
end_file(struct reading *reading)
{
	struct payload *payload = reading->payload;
	struct json_object *name;

	/* a form whose file was not chosen sends one of neither */
	if (spool_size(reading->piece->spool) == 0 &&
	    !json_object_object_get_ex(reading->file, "name", &name)) {
		g_clear_pointer(&reading->file, json_object_put);
		return;
	}
	json_object_object_add(reading->file, "content", payload_mark(payload));
	payload_tree_add(payload, ATTACHMENTS, g_steal_pointer(&reading->file));
}

static void
end_field(struct reading *reading)
{
	struct payload *payload = reading->payload;
	const GString *value = reading->value;
	struct json_object *made = NULL;

	if (reading->piece != NULL)
		made = payload_mark(payload);
	else if (g_utf8_validate_len(value->str, value->len, NULL))
		made = json_object_new_string_len(value->str, (int)value->len);
	else
		composition_add_error(
		    payload->errors, reading->name, "is no UTF-8");
	payload_tree_put(payload, reading->name, made);
}

static bool
on_end(void *object)
{
	struct reading *reading = object;

	if (reading->piece != NULL)
		payload_end(reading->payload, reading->piece);
	if (reading->file != NULL)
		end_file(reading);
	else
		end_field(reading);
	g_clear_pointer(&reading->name, g_free);
	return !payload_is_broken(reading->payload);
}

static const struct form_data_hooks hooks = { on_begin, on_body, on_end };

static void
on_bytes(void *form, const char *bytes, size_t length)
{
	form_data_feed(form, bytes, length);
}

void
payload_multipart_read(
    struct payload *payload, const struct spool *body, const char *boundary)
{
	struct reading reading = {
		.payload = payload,
		.value = g_string_new(NULL),
	};
	struct form_data *form = form_data_new(boundary, &hooks, &reading);

	payload_pour(payload, body, on_bytes, form);
	const char *fault = form_data_fault(form);
	if (fault != NULL)
		payload_break(
		    payload, 400, "the form data is broken: %s", fault);
	form_data_free(form);
	g_clear_pointer(&reading.file, json_object_put);
	g_free(reading.name);
	g_string_free(reading.value, TRUE);
}
