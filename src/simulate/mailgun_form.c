/* SPDX-License-Identifier: MIT */
#include "mailgun_form.h"
#include "heading.h"
#include "lines.h"
#include "people.h"
#include "rules.h"
#include <string.h>

#define MESSAGE_BYTES   ((uint64_t)25 * 1024 * 1024)
#define OPTION_BYTES    16384
#define MOST_RECIPIENTS 1000

/* The options both calls have. */
#define OPTIONS                                                               \
	{ "template", SHAPE_TEXT, 1, false },                                 \
	    { "t:version", SHAPE_TEXT, 1, false },                            \
	    { "t:text", SHAPE_ON, 1, false },                                 \
	    { "t:variables", SHAPE_JSON, 1, false },                          \
	    { "o:tag", SHAPE_TAG, 3, false },                                 \
	    { "o:dkim", SHAPE_YES, 1, false },                                \
	    { "o:secondary-dkim", SHAPE_SELECTOR, 1, false },                 \
	    { "o:secondary-dkim-public", SHAPE_SELECTOR, 1, false },          \
	    { "o:deliverytime", SHAPE_DATE, 1, false },                       \
	    { "o:deliver-within", SHAPE_WITHIN, 1, false },                   \
	    { "o:deliverytime-optimize-period", SHAPE_HOURS, 1, false },      \
	    { "o:time-zone-localize", SHAPE_ZONE, 1, false },                 \
	    { "o:testmode", SHAPE_ON, 1, false },                             \
	    { "o:tracking", SHAPE_HTMLONLY, 1, false },                       \
	    { "o:tracking-clicks", SHAPE_HTMLONLY, 1, false },                \
	    { "o:tracking-opens", SHAPE_YES, 1, false },                      \
	    { "o:tracking-pixel-location-top", SHAPE_HTMLONLY, 1, false },    \
	    { "o:require-tls", SHAPE_YES, 1, false },                         \
	    { "o:skip-verification", SHAPE_YES, 1, false },                   \
	    { "o:sending-ip", SHAPE_TEXT, 1, false },                         \
	    { "o:sending-ip-pool", SHAPE_TEXT, 1, false },                    \
	    { "o:archive-to", SHAPE_TEXT, 1, false },                         \
	    { "o:suppress-headers", SHAPE_TEXT, 1, false },                   \
	    { "o:native-send", SHAPE_ON, 1, false },                          \
	    { "h:", SHAPE_HEADER, 1, false }, { "v:", SHAPE_TEXT, 1, false }, \
	{                                                                     \
		"recipient-variables", SHAPE_JSON, 1, false                   \
	}

static const struct rule fields_rules[] = {
	{ "from", SHAPE_PEOPLE, 1, true },
	{ "to", SHAPE_PEOPLE, 0, true },
	{ "cc", SHAPE_PEOPLE, 0, false },
	{ "bcc", SHAPE_PEOPLE, 0, false },
	{ "subject", SHAPE_TEXT, 1, false },
	{ "text", SHAPE_TEXT, 1, false },
	{ "html", SHAPE_TEXT, 1, false },
	{ "amp-html", SHAPE_TEXT, 1, false },
	{ "attachment", SHAPE_FILE, 0, false },
	{ "inline", SHAPE_FILE, 0, false },
	OPTIONS,
	{ 0 },
};

static const struct rule mime_rules[] = {
	{ "to", SHAPE_PEOPLE, 0, true },
	{ "message", SHAPE_FILE, 1, true },
	OPTIONS,
	{ 0 },
};

static bool
is_option(const char *name)
{
	return name[0] != '\0' && strchr("ohvt", name[0]) != NULL &&
	       name[1] == ':';
}

static char *
check_options(const GPtrArray *parts)
{
	uint64_t bytes = 0;

	for (guint i = 0; i < parts->len; i++) {
		const struct piece *part = parts->pdata[i];

		if (is_option(part->name))
			bytes += strlen(part->name) + blob_size(part->body);
	}
	if (bytes <= OPTION_BYTES)
		return NULL;
	return g_strdup("Send options (parameters starting with o:, h:, or "
			"v:) are limited to 16 kB total");
}

/* An empty value counts as none. */
static bool
has_text(const GPtrArray *parts, const char *name)
{
	const struct piece *part = piece_find(parts, name);

	return part != NULL && blob_size(part->body) > 0;
}

static char *
check_bodies(const GPtrArray *parts)
{
	bool html = has_text(parts, "html");
	bool template = has_text(parts, "template");

	if (html && template)
		return g_strdup(
		    "Only one parameters 'html' or 'template' is allowed");
	if (html || template || has_text(parts, "text") ||
	    has_text(parts, "amp-html"))
		return NULL;
	return g_strdup("Need at least one of 'text', 'html', 'amp-html' or "
			"'template' parameters specified");
}

/* Everyone who gets it, each once: Mailgun ignores duplicates. */
static GPtrArray *
read_recipients(const GPtrArray *parts, bool mime)
{
	static const char *const fields[] = { "to", "cc", "bcc" };
	guint columns = mime ? 1 : G_N_ELEMENTS(fields);
	GPtrArray *people = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < parts->len * columns; i++) {
		const struct piece *part = parts->pdata[i % parts->len];
		const char *text = blob_text(part->body);

		if (strcmp(part->name, fields[i / parts->len]) == 0 &&
		    text != NULL)
			people_read(text, found);
	}
	for (guint i = 0; i < found->len; i++) {
		if (!people_contains(people, found->pdata[i]))
			g_ptr_array_add(people, g_strdup(found->pdata[i]));
	}
	return people;
}

static char *
check_recipients(const GPtrArray *people, const struct fault *fault)
{
	if (people->len > MOST_RECIPIENTS)
		return g_strdup_printf(
		    "Too many recipients, max is %d", MOST_RECIPIENTS);
	for (guint i = 0; i < people->len; i++) {
		if (fault_refuses(fault, people->pdata[i], i))
			return g_strdup("'to' parameter is not a valid "
					"address. please check documentation");
	}
	return NULL;
}

/* What the real one loses or changes without a word. */
static void
look_at_files(struct request *request, GPtrArray *parts)
{
	g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < parts->len; i++) {
		struct piece *part = parts->pdata[i];
		bool is_inline = strcmp(part->name, "inline") == 0;

		if (!is_inline && strcmp(part->name, "attachment") != 0)
			continue;
		part->dropped =
		    part->filename == NULL || part->filename[0] == '\0';
		part->file = true;
		if (part->dropped) {
			door_note(request,
			    "part %s without filename: the file is lost",
			    part->name);
			continue;
		}
		if (!is_inline)
			continue;
		part->content_id = g_strdup(part->filename);
		if (!g_hash_table_add(ids, part->content_id))
			door_note(request, "two inline files are called %s",
			    part->filename);
	}
}

static void
look_at_domains(struct request *request, const GPtrArray *people)
{
	for (guint i = 0; i < people->len; i++) {
		const char *at = strrchr(people->pdata[i], '@');

		if (!g_str_is_ascii(at))
			door_note(request, "domain of %s is not in ASCII",
			    (const char *)people->pdata[i]);
	}
}

static void
look_at_mime(struct request *request, const struct piece *message)
{
	size_t length;
	const char *head = blob_head(message->body, &length);

	heading_check(head, length, HEADING_MAILGUN, request->notes);
	lines_note(blob_lines(message->body), request->notes);
}

/* Headers that h: must not carry: fields do, or Mailgun writes them.
 * Content-Language speaks of the whole mail, like any other. */
static bool
is_own_header(const char *name)
{
	static const char *const names[] = { "from", "to", "cc", "subject",
		"mime-version", "received", "dkim-signature" };

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		if (g_ascii_strcasecmp(names[i], name) == 0)
			return true;
	}
	return g_ascii_strncasecmp(name, "content-", 8) == 0 &&
	       g_ascii_strcasecmp(name, "content-language") != 0;
}

static void
look_at_headers(struct request *request, const GPtrArray *parts)
{
	for (guint i = 0; i < parts->len; i++) {
		const struct piece *part = parts->pdata[i];
		const char *name = part->name;

		if (!g_str_has_prefix(name, "h:"))
			continue;
		heading_check_name(name + 2, HEADING_MAILGUN, request->notes);
		if (is_own_header(name + 2))
			door_note(request,
			    "%s stands beside a field of its own", name);
	}
}

static const char *
find_message_id(const GPtrArray *parts)
{
	for (guint i = 0; i < parts->len; i++) {
		const struct piece *part = parts->pdata[i];

		if (g_ascii_strcasecmp(part->name, "h:Message-Id") == 0)
			return blob_text(part->body);
	}
	return NULL;
}

/* <unique@domain> */
static bool
is_id(const char *text)
{
	size_t length = strlen(text);
	const char *at = strchr(text, '@');

	if (length < 5 || text[0] != '<' || text[length - 1] != '>' ||
	    strpbrk(text, " \t\r\n") != NULL)
		return false;
	return strpbrk(text + 1, "<>") == text + length - 1 && at != NULL &&
	       at > text + 1 && at < text + length - 2 &&
	       strchr(at + 1, '@') == NULL;
}

/* The mail's own Message-ID when it can be kept, else a new one. */
static char *
make_id(const struct house *house, const struct mailgun_form *form,
    const GPtrArray *parts)
{
	g_autofree char *own = g_strdup(find_message_id(parts));
	const struct piece *message = piece_find(parts, "message");
	size_t length;

	if (own == NULL && form->mime) {
		const char *head = blob_head(message->body, &length);
		own = heading_find(head, length, "Message-ID");
	}
	if (own != NULL && is_id(own))
		return g_steal_pointer(&own);
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autofree char *stamp = g_date_time_format(now, "%Y%m%d%H%M%S");
	return g_strdup_printf("<%s.%" G_GUINT64_FORMAT ".%08x@%s>", stamp,
	    records_count(house->records) + 1, g_random_int(), form->domain);
}

static char *
judge_form(const struct mailgun_form *form, struct request *request,
    const GPtrArray *people)
{
	GPtrArray *parts = multipart_parts(form->parts);
	bool mime = form->mime;
	const char *error = multipart_error(form->parts);
	char *message = g_strdup(error);

	if (message == NULL)
		message = rules_check(
		    mime ? mime_rules : fields_rules, parts, request->notes);
	if (message == NULL && !mime)
		message = check_bodies(parts);
	if (message == NULL)
		message = check_options(parts);
	if (message == NULL)
		message = check_recipients(people, request->fault);
	return message;
}

/* Moves the parts into the record: the message is its raw. */
static void
move_parts(struct record *record, struct multipart *form)
{
	GPtrArray *parts = multipart_parts(form);

	while (parts->len > 0) {
		struct piece *part = g_ptr_array_steal_index(parts, 0);

		if (part->file && strcmp(part->name, "message") == 0 &&
		    record->raw == NULL) {
			record->raw = g_steal_pointer(&part->body);
			piece_free(part);
			continue;
		}
		g_ptr_array_add(record->parts, part);
	}
}

static void
accept_mail(struct house *house, struct request *request,
    const struct mailgun_form *form, const GPtrArray *people)
{
	struct record *record =
	    record_new(house->name, form->mime ? "raw" : "fields");

	record->id = make_id(house, form, multipart_parts(form->parts));
	for (guint i = 0; i < people->len; i++)
		record_add(record, people->pdata[i], "queued");
	move_parts(record, form->parts);
	struct json_object *object = json_object_new_object();
	json_object_object_add(
	    object, "id", json_object_new_string(record->id));
	json_object_object_add(
	    object, "message", json_object_new_string("Queued. Thank you."));
	request->answer = response_new_json(200, object);
	request->record = record;
}

static void
look_at(struct request *request, const struct mailgun_form *form,
    const GPtrArray *people)
{
	GPtrArray *parts = multipart_parts(form->parts);
	const struct piece *message = piece_find(parts, "message");
	uint64_t bytes = 0;

	look_at_files(request, parts);
	look_at_domains(request, people);
	look_at_headers(request, parts);
	if (!form->mime && piece_find(parts, "subject") == NULL &&
	    piece_find(parts, "template") == NULL)
		door_note(request, "subject is missing, which is required");
	if (form->mime && message->file)
		look_at_mime(request, message);
	for (guint i = 0; i < parts->len; i++)
		bytes += blob_size(((struct piece *)parts->pdata[i])->body);
	if (bytes > MESSAGE_BYTES)
		door_note(request, "the message is larger than 25 MB");
}

/* Whoever sends nobody's mail to nobody asks whether the key may send: that is
 * no mistake of theirs. */
static bool
is_question(const struct mailgun_form *form, const GPtrArray *people)
{
	const GPtrArray *parts = multipart_parts(form->parts);

	return !form->mime && people->len == 0 &&
	       multipart_error(form->parts) == NULL &&
	       piece_find(parts, "from") == NULL &&
	       piece_find(parts, "o:testmode") != NULL;
}

void
mailgun_form_take(struct house *house, struct request *request,
    const struct mailgun_form *form)
{
	g_autoptr(GPtrArray) people =
	    read_recipients(multipart_parts(form->parts), form->mime);

	g_ptr_array_extend_and_steal(
	    request->notes, g_ptr_array_ref(multipart_notes(form->parts)));
	g_autofree char *message = judge_form(form, request, people);
	if (message != NULL) {
		if (!is_question(form, people))
			door_note(request, "400: %s", message);
		request->answer = response_new_message(400, message);
		return;
	}
	look_at(request, form, people);
	accept_mail(house, request, form, people);
}
