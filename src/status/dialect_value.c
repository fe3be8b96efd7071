/* SPDX-License-Identifier: MIT */
#include "dialect_value.h"

#include "mail/spool.h"
#include <string.h>

/* Of a text that is no part of the mail. */
#define TEXT_MOST (64 * 1024)

#define FIELD_LENGTH 256

static const char *
name_type(struct json_object *value)
{
	static const char *const names[] = {
		[json_type_null] = "null",
		[json_type_boolean] = "true or false",
		[json_type_double] = "a number",
		[json_type_int] = "a number",
		[json_type_object] = "an object",
		[json_type_array] = "a list",
		[json_type_string] = "a text",
	};

	return names[json_object_get_type(value)];
}

static void
refuse_type(struct payload *payload, const char *field,
    struct json_object *value, const char *expected)
{
	composition_add_error(payload->errors, field, "is %s; %s is expected",
	    name_type(value), expected);
}

/* A piece that is short after all: a header named text, say. */
static char *
read_piece(
    struct payload *payload, const char *field, struct payload_piece *piece)
{
	uint64_t size = spool_size(piece->spool);
	char *text;

	if (piece->broken || piece->encoded || size > TEXT_MOST) {
		composition_add_error(
		    payload->errors, field, "is too long, or no text");
		return NULL;
	}
	text = g_malloc0(size + 1);
	if (spool_read(piece->spool, 0, text, size) == (ssize_t)size)
		return text;
	g_free(text);
	composition_add_error(payload->errors, field, "cannot be read now");
	return NULL;
}

char *
dialect_value_text(
    struct payload *payload, const char *field, struct json_object *value)
{
	struct payload_piece *piece;
	const char *text;

	if (!json_object_is_type(value, json_type_string)) {
		refuse_type(payload, field, value, "a text");
		return NULL;
	}
	piece = payload_find(payload, value);
	if (piece != NULL)
		return read_piece(payload, field, piece);
	text = json_object_get_string(value);
	if (strlen(text) == (size_t)json_object_get_string_len(value))
		return g_strdup(text);
	composition_add_error(payload->errors, field, "holds a NUL");
	return NULL;
}

/* The spool of a text that was not lifted. */
static struct spool *
make_spool(struct payload *payload, const char *field, const char *text)
{
	struct spool *spool = spool_new(payload->place);

	if (spool_append(spool, text, strlen(text)) && spool_seal(spool))
		return spool;
	spool_unref(spool);
	composition_add_error(payload->errors, field, "cannot be kept now");
	return NULL;
}

void
dialect_value_spool(struct payload *payload, const char *field,
    struct json_object *value, struct spool **out)
{
	struct payload_piece *piece;

	if (!json_object_is_type(value, json_type_string)) {
		refuse_type(payload, field, value, "a text");
		return;
	}
	piece = payload_find(payload, value);
	if (piece == NULL) {
		g_autofree char *text =
		    dialect_value_text(payload, field, value);

		if (text != NULL)
			*out = make_spool(payload, field, text);
	} else if (piece->broken) {
		composition_add_error(payload->errors, field, "is no UTF-8");
	} else {
		*out = spool_ref(piece->spool);
	}
}

/* The field of an entry: "to[3]"; of one alone that of the whole. */
static void
print_entry(char *out, const char *field, struct json_object *list, size_t i)
{
	if (list != NULL)
		g_snprintf(out, FIELD_LENGTH, "%s[%zu]", field, i);
	else
		g_strlcpy(out, field, FIELD_LENGTH);
}

/* What forms say of lists and objects may be JSON. */
static struct json_object *
open_text(struct payload *payload, struct json_object *value)
{
	const char *text = json_object_get_string(value);

	if (!payload->loose || !json_object_is_type(value, json_type_string) ||
	    (*text != '{' && *text != '['))
		return json_object_get(value);
	struct json_object *opened = json_tokener_parse(text);
	return opened != NULL ? opened : json_object_get(value);
}

typedef void (*each_fn)(struct payload *payload, const char *field,
    struct json_object *entry, void *object);

/* Each of a list, or the one that is none. */
static void
read_each(struct payload *payload, const char *field, struct json_object *value,
    each_fn read, void *object)
{
	struct json_object *opened = open_text(payload, value);
	bool list = json_object_is_type(opened, json_type_array);
	size_t count = list ? json_object_array_length(opened) : 1;

	for (size_t i = 0; i < count; i++) {
		char entry[FIELD_LENGTH];

		print_entry(entry, field, list ? opened : NULL, i);
		read(payload, entry,
		    list ? json_object_array_get_idx(opened, i) : opened,
		    object);
	}
	json_object_put(opened);
}

static void
on_text(struct payload *payload, const char *field, struct json_object *entry,
    void *out)
{
	char *text = dialect_value_text(payload, field, entry);

	if (text != NULL)
		g_ptr_array_add(out, text);
}

void
dialect_value_texts(struct payload *payload, const char *field,
    struct json_object *value, GPtrArray *out)
{
	read_each(payload, field, value, on_text, out);
}

/* The member of that name, or of its other one; NULL: there is none. */
static struct json_object *
find_member(struct json_object *object, const char *name, const char *other)
{
	struct json_object *member;

	if (json_object_object_get_ex(object, name, &member) ||
	    (other != NULL &&
		json_object_object_get_ex(object, other, &member)))
		return member;
	return NULL;
}

/* A text among the members; NULL: none, or there is an error. */
static char *
read_member(struct payload *payload, const char *field,
    struct json_object *object, const char *const names[2])
{
	struct json_object *member = find_member(object, names[0], names[1]);
	char path[FIELD_LENGTH];

	g_snprintf(path, sizeof path, "%s.%s", field, names[0]);
	return member != NULL ? dialect_value_text(payload, path, member)
			      : NULL;
}

/* False, and there is an error, when a member is none of these. */
static bool
check_members(struct payload *payload, const char *field,
    struct json_object *object, const char *const *known)
{
	bool good = true;

	json_object_object_foreach(object, name, value)
	{
		g_autofree char *path = g_strconcat(field, ".", name, NULL);
		g_autofree char *words = g_strjoinv(", ", (char **)known);

		(void)value;
		if (g_strv_contains(known, name))
			continue;
		composition_add_error(payload->errors, path,
		    "is no field here; known are %s", words);
		good = false;
	}
	return good;
}

static void
on_mailbox(struct payload *payload, const char *field,
    struct json_object *entry, void *out)
{
	static const char *const known[] = { "address", "email", "name", NULL };
	static const char *const addresses[2] = { "address", "email" };
	static const char *const names[2] = { "name", NULL };

	if (!json_object_is_type(entry, json_type_object)) {
		if (json_object_is_type(entry, json_type_string))
			on_text(payload, field, entry, out);
		else
			refuse_type(payload, field, entry,
			    "an address, or an object with address and name,");
		return;
	}
	if (!check_members(payload, field, entry, known))
		return;
	g_autofree char *address =
	    read_member(payload, field, entry, addresses);
	g_autofree char *name = read_member(payload, field, entry, names);
	if (address != NULL)
		g_ptr_array_add(out, composition_mailbox(name, address));
	else
		composition_add_error(
		    payload->errors, field, "has no text in address");
}

void
dialect_value_mailboxes(struct payload *payload, const char *field,
    struct json_object *value, GPtrArray *out)
{
	read_each(payload, field, value, on_mailbox, out);
}

/* ---- pairs ---- */

struct pairs {
	struct composition *composition;
	dialect_value_add_fn add;
	const char *name; /* of the member */
};

/* Numbers and truths are told as they are written. */
static void
on_value(struct payload *payload, const char *field, struct json_object *entry,
    void *object)
{
	struct pairs *pairs = object;
	enum json_type type = json_object_get_type(entry);
	g_autofree char *text = NULL;

	if (type == json_type_int || type == json_type_double ||
	    type == json_type_boolean)
		text = g_strdup(json_object_get_string(entry));
	else
		text = dialect_value_text(payload, field, entry);
	if (text != NULL)
		pairs->add(pairs->composition, pairs->name, text);
}

static void
read_members(struct payload *payload, const char *field,
    struct json_object *object, struct pairs *pairs)
{
	json_object_object_foreach(object, name, value)
	{
		g_autofree char *path = g_strconcat(field, ".", name, NULL);
		bool list = json_object_is_type(value, json_type_array);

		pairs->name = name;
		if (list)
			read_each(payload, path, value, on_value, pairs);
		else
			on_value(payload, path, value, pairs);
	}
}

static void
on_pair(struct payload *payload, const char *field, struct json_object *entry,
    void *object)
{
	static const char *const known[] = { "name", "value", NULL };
	static const char *const names[2] = { "name", NULL };
	static const char *const values[2] = { "value", NULL };
	struct pairs *pairs = object;

	if (!json_object_is_type(entry, json_type_object)) {
		refuse_type(
		    payload, field, entry, "an object with name and value");
		return;
	}
	if (!check_members(payload, field, entry, known))
		return;
	g_autofree char *name = read_member(payload, field, entry, names);
	g_autofree char *value = read_member(payload, field, entry, values);
	if (name != NULL && value != NULL)
		pairs->add(pairs->composition, name, value);
	else
		composition_add_error(
		    payload->errors, field, "has no texts in name and value");
}

void
dialect_value_pairs(struct payload *payload, const char *field,
    struct json_object *value, struct composition *composition,
    dialect_value_add_fn add)
{
	struct pairs pairs = { .composition = composition, .add = add };
	struct json_object *opened = open_text(payload, value);

	if (json_object_is_type(opened, json_type_object))
		read_members(payload, field, opened, &pairs);
	else if (json_object_is_type(opened, json_type_array))
		read_each(payload, field, opened, on_pair, &pairs);
	else
		refuse_type(payload, field, opened, "an object");
	json_object_put(opened);
}

/* ---- attachments ---- */

static bool
read_flag(struct payload *payload, const char *field, struct json_object *value,
    bool *out)
{
	const char *text = json_object_get_string(value);
	bool word =
	    payload->loose || json_object_is_type(value, json_type_boolean);

	*out = word && (g_str_equal(text, "true") || g_str_equal(text, "yes") ||
			   g_str_equal(text, "1"));
	if (word && (*out || g_str_equal(text, "false") ||
			g_str_equal(text, "no") || g_str_equal(text, "0")))
		return true;
	refuse_type(payload, field, value, "true or false");
	return false;
}

/* What a list in a text of a form says is no piece yet. */
static struct payload_piece *
find_content(struct payload *payload, struct json_object *content)
{
	struct payload_piece *piece;

	if (!json_object_is_type(content, json_type_string))
		return NULL;
	piece = payload_find(payload, content);
	if (piece != NULL || !payload->loose)
		return piece;
	piece = payload_add(payload, true, BASE64_LINES);
	payload_append(payload, piece, json_object_get_string(content),
	    (size_t)json_object_get_string_len(content));
	payload_end(payload, piece);
	return piece;
}

/* The bytes of an attachment; NULL, and there is an error. */
static struct spool *
read_content(
    struct payload *payload, const char *field, struct json_object *entry)
{
	struct json_object *content = find_member(entry, "content", "data");
	struct payload_piece *piece;
	char path[FIELD_LENGTH];

	if (content == NULL)
		content = find_member(entry, "base64", NULL);
	piece = find_content(payload, content);
	g_snprintf(path, sizeof path, "%s.content", field);
	if (piece == NULL)
		composition_add_error(payload->errors, path,
		    "a text is expected: the file in base64");
	else if (piece->broken)
		composition_add_error(payload->errors, path,
		    "is no base64: a character is none of it, or it is cut "
		    "off");
	else
		return spool_ref(piece->spool);
	return NULL;
}

static void
on_attachment(struct payload *payload, const char *field,
    struct json_object *entry, void *object)
{
	static const char *const known[] = { "name", "filename", "type",
		"content_type", "content", "data", "base64", "content_id",
		"cid", "inline", NULL };
	static const char *const names[2] = { "name", "filename" };
	static const char *const types[2] = { "type", "content_type" };
	static const char *const ids[2] = { "content_id", "cid" };
	struct composition_attachment *attachment;
	struct json_object *in_line;

	if (!json_object_is_type(entry, json_type_object)) {
		refuse_type(
		    payload, field, entry, "an object with name and content");
		return;
	}
	if (!check_members(payload, field, entry, known))
		return;
	attachment = composition_add_attachment(object);
	attachment->name = read_member(payload, field, entry, names);
	attachment->type = read_member(payload, field, entry, types);
	attachment->content_id = read_member(payload, field, entry, ids);
	in_line = find_member(entry, "inline", NULL);
	if (in_line != NULL)
		read_flag(payload, field, in_line, &attachment->in_line);
	attachment->bytes = read_content(payload, field, entry);
}

void
dialect_value_attachments(struct payload *payload, const char *field,
    struct json_object *value, struct composition *composition)
{
	read_each(payload, field, value, on_attachment, composition);
}

/* ---- tracking ---- */

static char *
read_track(
    struct payload *payload, const char *field, struct json_object *value)
{
	bool flag;

	if (json_object_is_type(value, json_type_string) && !payload->loose)
		return dialect_value_text(payload, field, value);
	if (payload->loose &&
	    strcmp(json_object_get_string(value), "htmlonly") == 0)
		return g_strdup("htmlonly");
	return read_flag(payload, field, value, &flag)
		   ? g_strdup(flag ? "yes" : "no")
		   : NULL;
}

void
dialect_value_tracking(struct payload *payload, const char *field,
    struct json_object *value, struct composition *composition)
{
	static const char *const known[] = { "opens", "clicks", NULL };
	struct json_object *opened = open_text(payload, value);
	struct json_object *opens = opened, *clicks = opened;

	if (json_object_is_type(opened, json_type_object)) {
		check_members(payload, field, opened, known);
		opens = find_member(opened, "opens", NULL);
		clicks = find_member(opened, "clicks", NULL);
	}
	if (opens != NULL)
		composition->track_opens = read_track(
		    payload, opens == opened ? field : "tracking.opens", opens);
	if (clicks != NULL && clicks != opens)
		composition->track_clicks =
		    read_track(payload, "tracking.clicks", clicks);
	else if (clicks != NULL)
		composition->track_clicks = g_strdup(composition->track_opens);
	json_object_put(opened);
}
