/* SPDX-License-Identifier: MIT */
#include "dialect.h"

#include "dialect_value.h"
#include <string.h>

#define ALL (DIALECT_MESSAGE | DIALECT_SEND | DIALECT_EMAIL)

/* A program that hands in mail, while its fields are read. */
struct reading {
	enum dialect dialect;
	struct payload *payload;
	struct composition *composition;
	char **key;
	GPtrArray *to_names; /* char *, beside `to`; NULL: not said */
	char *from_name;
};

typedef void (*read_fn)(
    struct reading *reading, const char *field, struct json_object *value);

static void
read_text(struct reading *reading, const char *field, struct json_object *value,
    char **out)
{
	g_free(*out);
	*out = dialect_value_text(reading->payload, field, value);
}

static void
read_from(struct reading *reading, const char *field, struct json_object *value)
{
	g_autoptr(GPtrArray) mailboxes = g_ptr_array_new_with_free_func(g_free);

	dialect_value_mailboxes(reading->payload, field, value, mailboxes);
	if (mailboxes->len > 1)
		composition_add_error(reading->payload->errors, field,
		    "is one mailbox, and %u are given", mailboxes->len);
	else if (mailboxes->len == 1)
		reading->composition->from =
		    g_ptr_array_steal_index(mailboxes, 0);
}

static void
read_from_name(
    struct reading *reading, const char *field, struct json_object *value)
{
	read_text(reading, field, value, &reading->from_name);
}

static void
read_sender(
    struct reading *reading, const char *field, struct json_object *value)
{
	read_text(reading, field, value, &reading->composition->sender);
}

static void
read_reply_to(
    struct reading *reading, const char *field, struct json_object *value)
{
	g_autoptr(GPtrArray) mailboxes = g_ptr_array_new_with_free_func(g_free);

	dialect_value_mailboxes(reading->payload, field, value, mailboxes);
	if (mailboxes->len == 0)
		return;
	g_ptr_array_add(mailboxes, NULL);
	reading->composition->reply_to =
	    g_strjoinv(", ", (char **)mailboxes->pdata);
}

static void
read_to(struct reading *reading, const char *field, struct json_object *value)
{
	dialect_value_mailboxes(
	    reading->payload, field, value, reading->composition->to);
}

static void
read_cc(struct reading *reading, const char *field, struct json_object *value)
{
	dialect_value_mailboxes(
	    reading->payload, field, value, reading->composition->cc);
}

static void
read_bcc(struct reading *reading, const char *field, struct json_object *value)
{
	dialect_value_mailboxes(
	    reading->payload, field, value, reading->composition->bcc);
}

static void
read_to_name(
    struct reading *reading, const char *field, struct json_object *value)
{
	reading->to_names = g_ptr_array_new_with_free_func(g_free);
	dialect_value_texts(reading->payload, field, value, reading->to_names);
}

static void
read_subject(
    struct reading *reading, const char *field, struct json_object *value)
{
	read_text(reading, field, value, &reading->composition->subject);
}

static void
read_plain(
    struct reading *reading, const char *field, struct json_object *value)
{
	dialect_value_spool(
	    reading->payload, field, value, &reading->composition->text);
}

static void
read_html(struct reading *reading, const char *field, struct json_object *value)
{
	dialect_value_spool(
	    reading->payload, field, value, &reading->composition->html);
}

static void
read_headers(
    struct reading *reading, const char *field, struct json_object *value)
{
	dialect_value_pairs(reading->payload, field, value,
	    reading->composition, composition_add_header);
}

static void
read_metadata(
    struct reading *reading, const char *field, struct json_object *value)
{
	dialect_value_pairs(reading->payload, field, value,
	    reading->composition, composition_add_metadata);
}

static void
read_attachments(
    struct reading *reading, const char *field, struct json_object *value)
{
	dialect_value_attachments(
	    reading->payload, field, value, reading->composition);
}

static void
read_tags(struct reading *reading, const char *field, struct json_object *value)
{
	dialect_value_texts(
	    reading->payload, field, value, reading->composition->tags);
}

static void
read_tracking(
    struct reading *reading, const char *field, struct json_object *value)
{
	dialect_value_tracking(
	    reading->payload, field, value, reading->composition);
}

static void
read_send_at(
    struct reading *reading, const char *field, struct json_object *value)
{
	if (json_object_is_type(value, json_type_int))
		reading->composition->send_at =
		    g_strdup(json_object_get_string(value));
	else
		read_text(
		    reading, field, value, &reading->composition->send_at);
}

static void
read_route(
    struct reading *reading, const char *field, struct json_object *value)
{
	read_text(reading, field, value, &reading->composition->route);
}

static void
read_doubt(
    struct reading *reading, const char *field, struct json_object *value)
{
	read_text(reading, field, value, &reading->composition->doubt);
}

static void
read_key(struct reading *reading, const char *field, struct json_object *value)
{
	read_text(reading, field, value, reading->key);
}

/* Every field there is. */
static const struct {
	const char *name;
	unsigned dialects;
	read_fn read;
} fields[] = {
	{ "from", DIALECT_MESSAGE | DIALECT_EMAIL, read_from },
	{ "from_name", DIALECT_EMAIL, read_from_name },
	{ "sender", DIALECT_SEND, read_from },
	{ "sender", DIALECT_MESSAGE, read_sender },
	{ "reply_to", DIALECT_MESSAGE, read_reply_to },
	{ "to", ALL, read_to },
	{ "to_name", DIALECT_EMAIL, read_to_name },
	{ "cc", DIALECT_MESSAGE | DIALECT_SEND, read_cc },
	{ "bcc", DIALECT_MESSAGE | DIALECT_SEND, read_bcc },
	{ "subject", ALL, read_subject },
	{ "text", DIALECT_MESSAGE | DIALECT_SEND, read_plain },
	{ "html", DIALECT_MESSAGE | DIALECT_SEND, read_html },
	{ "body", DIALECT_EMAIL, read_html },
	{ "headers", DIALECT_MESSAGE, read_headers },
	{ "attachments", ALL, read_attachments },
	{ "tags", DIALECT_MESSAGE, read_tags },
	{ "metadata", DIALECT_MESSAGE, read_metadata },
	{ "tracking", DIALECT_MESSAGE, read_tracking },
	{ "send_at", DIALECT_MESSAGE, read_send_at },
	{ "route", DIALECT_MESSAGE, read_route },
	{ "doubt", DIALECT_MESSAGE, read_doubt },
	{ "idempotency_key", DIALECT_MESSAGE, read_key },
};

static read_fn
find_field(enum dialect dialect, const char *name)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(fields); i++)
		if ((fields[i].dialects & dialect) != 0 &&
		    strcmp(fields[i].name, name) == 0)
			return fields[i].read;
	return NULL;
}

static void
refuse_stranger(const struct reading *reading, const char *name)
{
	g_autoptr(GString) known = g_string_new(NULL);
	g_autofree char *valid = g_utf8_make_valid(name, -1);

	for (unsigned i = 0; i < G_N_ELEMENTS(fields); i++)
		if ((fields[i].dialects & reading->dialect) != 0)
			g_string_append_printf(known, "%s%s",
			    known->len > 0 ? ", " : "", fields[i].name);
	composition_add_error(reading->payload->errors, valid,
	    "is no field here; known are %s", known->str);
}

/* "A, B" beside "a@x.example, b@x.example". */
static void
split_alone(GPtrArray *texts)
{
	const char *text = texts->len == 1 ? texts->pdata[0] : "";
	g_auto(GStrv) words = NULL;

	if (strchr(text, ',') == NULL || strpbrk(text, "\"<(") != NULL)
		return;
	words = g_strsplit(text, ",", -1);
	g_ptr_array_set_size(texts, 0);
	for (char **word = words; *word != NULL; word++)
		g_ptr_array_add(texts, g_strdup(g_strstrip(*word)));
}

/* The names beside the addresses of /email. */
static void
join_names(struct reading *reading)
{
	struct composition *composition = reading->composition;
	GPtrArray *names = reading->to_names, *to = composition->to;

	if (reading->from_name != NULL && composition->from != NULL) {
		char *address = composition->from;

		composition->from =
		    composition_mailbox(reading->from_name, address);
		g_free(address);
	}
	if (names == NULL)
		return;
	split_alone(to);
	if (to->len > 1)
		split_alone(names);
	if (names->len != to->len) {
		composition_add_error(reading->payload->errors, "to_name",
		    "is %u name%s, and there are %u addresses in to: one for "
		    "each is expected",
		    names->len, names->len == 1 ? "" : "s", to->len);
		return;
	}
	for (unsigned i = 0; i < to->len; i++) {
		char *address = to->pdata[i];

		to->pdata[i] = composition_mailbox(names->pdata[i], address);
		g_free(address);
	}
}

void
dialect_read(enum dialect dialect, struct payload *payload,
    struct composition *composition, char **key)
{
	struct reading reading = {
		.dialect = dialect,
		.payload = payload,
		.composition = composition,
		.key = key,
	};

	*key = NULL;
	json_object_object_foreach(payload->object, name, value)
	{
		read_fn read = find_field(dialect, name);

		if (read == NULL)
			refuse_stranger(&reading, name);
		else if (value != NULL)
			read(&reading, name, value);
	}
	join_names(&reading);
	g_clear_pointer(&reading.to_names, g_ptr_array_unref);
	g_free(reading.from_name);
}

char *
dialect_field(enum dialect dialect, const char *field)
{
	static const struct {
		enum dialect dialect;
		const char *ours, *theirs;
	} names[] = {
		{ DIALECT_SEND, "from", "sender" },
		{ DIALECT_EMAIL, "html", "body" },
		{ DIALECT_EMAIL, "text", "body" },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		size_t length = strlen(names[i].ours);

		if (names[i].dialect == dialect &&
		    strncmp(field, names[i].ours, length) == 0 &&
		    strchr(".[", field[length]) != NULL)
			return g_strconcat(
			    names[i].theirs, field + length, NULL);
	}
	/* a name may be empty, and is told of all the same */
	return g_strdup(*field != '\0' ? field : "\"\"");
}
