/* SPDX-License-Identifier: MIT */
#include "account.h"
#include "api.h"
#include "heading.h"
#include "lift.h"
#include "lines.h"
#include "people.h"
#include "schema.h"
#include "search.h"
#include "texts.h"
#include <string.h>

#define MOST_BYTES    ((uint64_t)64 * 1024 * 1024)
#define MESSAGE_BYTES ((uint64_t)25 * 1024 * 1024)
#define ASYNC_ABOVE   10 /* recipients */

struct mandrill {
	struct lift *lift;
	struct json_object *json; /* the document with marks */
	GPtrArray *people;        /* char *, may be no addresses */
	bool raw;
	bool files; /* it has attachments or images */
};

static void
open_request(struct house *house, struct request *request)
{
	struct mandrill *mandrill = g_new0(struct mandrill, 1);

	request->state = mandrill;
	mandrill->lift = lift_new(records_directory(house->records));
	mandrill->people = g_ptr_array_new_with_free_func(g_free);
}

static void
take_body(struct request *request, const char *bytes, size_t length)
{
	struct mandrill *mandrill = request->state;

	if (mandrill != NULL && request->body_bytes <= MOST_BYTES)
		lift_feed(mandrill->lift, bytes, length);
}

static struct json_object *
find(struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, name, &value);
	return value;
}

static const char *
find_string(struct json_object *object, const char *name)
{
	struct json_object *value = find(object, name);

	return json_object_is_type(value, json_type_string)
		   ? json_object_get_string(value)
		   : NULL;
}

static struct lifted *
find_lifted(
    struct mandrill *mandrill, struct json_object *object, const char *name)
{
	const char *mark = find_string(object, name);

	return mark != NULL ? lift_find(mandrill->lift, mark) : NULL;
}

static bool
refuse(struct request *request, unsigned status, const char *name,
    const char *message)
{
	if (status != 401)
		door_note(request, "%u: %s", status, message);
	request->answer = texts_mandrill(status, name, message);
	return false;
}

/* Reads the whole of it: strict, and nothing behind the end. */
static bool
read_json(struct request *request)
{
	struct mandrill *mandrill = request->state;
	const char *problem = NULL;
	const GString *text = lift_json(mandrill->lift, &problem);
	struct json_tokener *tokener = json_tokener_new();

	json_tokener_set_flags(
	    tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	if (text != NULL && text->len > 0)
		mandrill->json =
		    json_tokener_parse_ex(tokener, text->str, (int)text->len);
	if (text != NULL && mandrill->json == NULL)
		problem =
		    json_tokener_error_desc(json_tokener_get_error(tokener));
	json_tokener_free(tokener);
	if (problem != NULL)
		door_note(request, "the request is no JSON: %s", problem);
	if (problem == NULL &&
	    json_object_is_type(mandrill->json, json_type_object))
		return true;
	return refuse(
	    request, 500, "ValidationError", "You must specify a key value");
}

static bool
check_key(const struct house *house, struct request *request)
{
	struct mandrill *mandrill = request->state;
	const char *key = find_string(mandrill->json, "key");

	if (key == NULL || key[0] == '\0')
		return refuse(request, 422, "ValidationError",
		    "You must specify a key value");
	if (house->key == NULL || strcmp(key, house->key) == 0)
		return true;
	return refuse(request, 401, "Invalid_Key", "Invalid API key");
}

static bool
check_members(struct request *request)
{
	struct mandrill *mandrill = request->state;
	g_autofree char *why =
	    members_check(mandrill->raw ? schema_raw : schema_send,
		mandrill->json, request->notes);

	if (why == NULL)
		return true;
	g_autofree char *message = g_strdup_printf("Validation error: %s", why);
	return refuse(request, strstr(why, "from_email") != NULL ? 400 : 422,
	    "ValidationError", message);
}

static void
add_person(struct mandrill *mandrill, const char *address)
{
	g_ptr_array_add(mandrill->people, g_strdup(address));
}

/* Without a list of its own send-raw reads To and Cc, but no Bcc. */
static void
read_header_people(struct mandrill *mandrill)
{
	static const char *const names[] = { "To", "Cc" };
	struct lifted *raw =
	    find_lifted(mandrill, mandrill->json, "raw_message");
	size_t length = 0;
	const char *head = raw != NULL ? blob_head(raw->text, &length) : NULL;

	for (size_t i = 0; head != NULL && i < G_N_ELEMENTS(names); i++) {
		g_autofree char *value = heading_find(head, length, names[i]);

		if (value != NULL)
			people_read(value, mandrill->people);
	}
}

static void
read_people(struct mandrill *mandrill)
{
	struct json_object *message = find(mandrill->json, "message");
	struct json_object *to =
	    find(mandrill->raw ? mandrill->json : message, "to");

	for (size_t i = 0; to != NULL && i < json_object_array_length(to);
	     i++) {
		struct json_object *item = json_object_array_get_idx(to, i);

		add_person(mandrill, mandrill->raw
					 ? json_object_get_string(item)
					 : find_string(item, "email"));
	}
	if (to == NULL && mandrill->raw)
		read_header_people(mandrill);
}

/* A file of the request as a part of the record. */
static struct piece *
make_file(struct request *request, const char *name, struct json_object *file)
{
	struct mandrill *mandrill = request->state;
	struct lifted *lifted = find_lifted(mandrill, file, "content");
	struct piece *part = piece_new(name, NULL);

	part->file = true;
	part->filename = g_strdup(find_string(file, "name"));
	part->type = g_strdup(find_string(file, "type"));
	if (part->filename == NULL || part->filename[0] == '\0')
		door_note(request, "%s has no name", name);
	if (part->type == NULL)
		door_note(request, "%s has no type", name);
	if (lifted == NULL || lifted->decoded == NULL)
		return part;
	if (!lifted->base64)
		door_note(request, "%s is no clean base64", name);
	blob_free(part->body);
	part->body = g_steal_pointer(&lifted->decoded);
	return part;
}

static void
move_files(struct request *request, struct json_object *list, const char *name)
{
	struct mandrill *mandrill = request->state;
	size_t length = list != NULL ? json_object_array_length(list) : 0;

	for (size_t i = 0; i < length; i++) {
		g_autofree char *full =
		    g_strdup_printf("message.%s[%zu]", name, i);
		struct piece *part = make_file(
		    request, full, json_object_array_get_idx(list, i));

		if (strcmp(name, "images") == 0)
			part->content_id = g_strdup(part->filename);
		g_ptr_array_add(request->record->parts, part);
		mandrill->files = true;
	}
}

static bool
is_elsewhere(const char *name)
{
	static const char *const names[] = { "key", "raw_message",
		"message.attachments", "message.images", NULL };

	return g_strv_contains(names, name);
}

static void
add_field(struct request *request, const char *name, struct json_object *value)
{
	struct mandrill *mandrill = request->state;
	const char *text = json_object_get_string(value);
	struct lifted *lifted =
	    text != NULL ? lift_find(mandrill->lift, text) : NULL;
	struct piece *part =
	    piece_new_text(name, text != NULL && lifted == NULL ? text : "");

	g_ptr_array_add(request->record->parts, part);
	if (lifted == NULL || lifted->text == NULL)
		return;
	if (!lifted->utf8)
		door_note(request, "%s is not UTF-8", name);
	blob_free(part->body);
	part->body = g_steal_pointer(&lifted->text);
}

/* What is no key and no file: message.to[0].email and the like. */
static void
flatten(struct request *request, const char *name, struct json_object *value)
{
	if (is_elsewhere(name))
		return;
	if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, key, member)
		{
			g_autofree char *inner =
			    name[0] != '\0' ? g_strconcat(name, ".", key, NULL)
					    : g_strdup(key);

			flatten(request, inner, member);
		}
		return;
	}
	if (!json_object_is_type(value, json_type_array)) {
		add_field(request, name, value);
		return;
	}
	for (size_t i = 0; i < json_object_array_length(value); i++) {
		g_autofree char *inner = g_strdup_printf("%s[%zu]", name, i);

		flatten(request, inner, json_object_array_get_idx(value, i));
	}
}

static void
look_at_raw(struct request *request, struct lifted *raw)
{
	struct mandrill *mandrill = request->state;
	size_t length;
	const char *head = blob_head(raw->text, &length);
	g_autofree char *preserve =
	    heading_find(head, length, "X-MC-PreserveRecipients");

	heading_check(head, length, HEADING_MANDRILL, request->notes);
	lines_note(blob_lines(raw->text), request->notes);
	if (!raw->utf8)
		door_note(request, "raw_message is not UTF-8");
	if (mandrill->people->len > 1 &&
	    (preserve == NULL || g_ascii_strcasecmp(preserve, "true") != 0))
		door_note(request,
		    "X-MC-PreserveRecipients is not true: each recipient "
		    "gets a copy with only himself in To");
	if (blob_size(raw->text) > MESSAGE_BYTES)
		door_note(request, "the message is larger than 25 MB");
}

static void
look_at_message(struct request *request, struct json_object *message)
{
	struct mandrill *mandrill = request->state;
	struct json_object *headers = find(message, "headers");

	if (mandrill->people->len > 1 &&
	    !json_object_get_boolean(find(message, "preserve_recipients")))
		door_note(request,
		    "preserve_recipients is not true: each recipient gets a "
		    "copy with only himself in To");
	if (!json_object_is_type(headers, json_type_object))
		return;
	json_object_object_foreach(headers, name, value)
	{
		const char *text = json_object_get_string(value);

		heading_check_name(name, HEADING_MANDRILL, request->notes);
		if (text != NULL && strpbrk(text, "\r\n") != NULL)
			door_note(
			    request, "header %s holds a line break", name);
	}
}

/* Moves what the request carried into the record. */
static void
fill_record(struct request *request)
{
	struct mandrill *mandrill = request->state;
	struct json_object *message = find(mandrill->json, "message");
	struct lifted *raw =
	    find_lifted(mandrill, mandrill->json, "raw_message");

	if (mandrill->raw && raw != NULL) {
		look_at_raw(request, raw);
		request->record->raw = g_steal_pointer(&raw->text);
	}
	if (!mandrill->raw) {
		look_at_message(request, message);
		move_files(
		    request, find(message, "attachments"), "attachments");
		move_files(request, find(message, "images"), "images");
	}
	flatten(request, "", mandrill->json);
}

/* One recipient as the answer has it. */
struct verdict {
	const char *status;
	const char *reject; /* NULL: none */
	const char *queued; /* NULL: none */
};

static struct verdict
judge_fault(const struct fault *fault, const char *address, guint before)
{
	const char *reason;

	if (fault != NULL && fault->word == FAULT_REJECT_REASON)
		return (struct verdict){ "rejected", fault->argument, NULL };
	if (fault != NULL && fault->word == FAULT_QUEUED_REASON)
		return (struct verdict){ "queued", NULL, fault->argument };
	if (!fault_refuses(fault, address, before))
		return (struct verdict){ NULL, NULL, NULL };
	reason = fault_parameter(fault, "reason");
	return (struct verdict){ "rejected",
		reason != NULL ? reason : "hard-bounce", NULL };
}

static bool
is_scheduled(struct json_object *json)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autofree char *text = g_date_time_format(now, "%Y-%m-%d %H:%M:%S");
	const char *at = find_string(json, "send_at");

	return at != NULL && strcmp(at, text) > 0;
}

static struct verdict
judge(const struct request *request, guint index)
{
	struct mandrill *mandrill = request->state;
	const char *address = mandrill->people->pdata[index];
	struct verdict verdict = judge_fault(request->fault, address, index);

	if (verdict.status != NULL)
		return verdict;
	if (!people_is_address(address))
		return (struct verdict){ "invalid", NULL, NULL };
	if (g_ascii_strcasecmp(address, "reject@test.mandrillapp.com") == 0)
		return (struct verdict){ "rejected", "hard-bounce", NULL };
	if (is_scheduled(mandrill->json))
		return (struct verdict){ "scheduled", NULL, NULL };
	if (mandrill->people->len > ASYNC_ABOVE)
		return (
		    struct verdict){ "queued", NULL, "multiple-recipients" };
	if (mandrill->files)
		return (struct verdict){ "queued", NULL, "attachments" };
	if (json_object_get_boolean(find(mandrill->json, "async")))
		return (struct verdict){ "queued", NULL, NULL };
	return (struct verdict){ "sent", NULL, NULL };
}

static void
add_reason(struct json_object *object, const char *name, const char *reason)
{
	json_object_object_add(object, name,
	    reason != NULL ? json_object_new_string(reason) : NULL);
}

static struct json_object *
answer_one(const struct fate *fate, const struct verdict *verdict)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(
	    object, "email", json_object_new_string(fate->address));
	json_object_object_add(
	    object, "status", json_object_new_string(fate->status));
	if (fate->id != NULL)
		json_object_object_add(
		    object, "_id", json_object_new_string(fate->id));
	/* both shapes occur: null, and not there at all */
	if (fate->id == NULL || fate->id[0] % 2 == 0 || verdict->reject != NULL)
		add_reason(object, "reject_reason", verdict->reject);
	if (fate->id == NULL || fate->id[0] % 2 == 0 || verdict->queued != NULL)
		add_reason(object, "queued_reason", verdict->queued);
	return object;
}

static bool
is_taken(const char *status)
{
	return strcmp(status, "rejected") != 0 &&
	       strcmp(status, "invalid") != 0;
}

/* The order is not promised: the last comes first. */
static void
answer_all(struct request *request)
{
	struct mandrill *mandrill = request->state;
	struct json_object *list = json_object_new_array();
	bool taken = false;

	for (guint i = mandrill->people->len; i-- > 0;) {
		const char *address = mandrill->people->pdata[i];
		struct verdict verdict = judge(request, i);
		struct fate *fate =
		    record_add(request->record, address, verdict.status);
		g_autofree char *id =
		    g_strdup_printf("%08x%08x%08x%08x", g_random_int(),
			g_random_int(), g_random_int(), g_random_int());

		record_set_fate(fate,
		    verdict.reject != NULL ? verdict.reject : verdict.queued,
		    strcmp(verdict.status, "invalid") == 0 ? NULL : id);
		taken |= is_taken(verdict.status);
		json_object_array_add(list, answer_one(fate, &verdict));
	}
	request->answer = response_new_json(200, list);
	/* a mail that nobody gets was not accepted */
	if (!taken)
		g_clear_pointer(&request->record, record_free);
}

static void
send_mail(struct house *house, struct request *request)
{
	struct mandrill *mandrill = request->state;

	if (!check_members(request))
		return;
	read_people(mandrill);
	request->record =
	    record_new(house->name, mandrill->raw ? "raw" : "fields");
	fill_record(request);
	answer_all(request);
}

typedef struct response *(*question_fn)(
    struct house *house, struct request *request, struct json_object *json);

struct call {
	const char *path;
	question_fn fn; /* NULL: it sends */
	bool raw;
	enum fault_moment moment;
};

static const struct call calls[] = {
	{ "/messages/send", NULL, false, FAULT_AT_REQUEST },
	{ "/messages/send-raw", NULL, true, FAULT_AT_REQUEST },
	{ "/messages/search", search_messages, false, FAULT_AT_LOOKUP },
	{ "/messages/info", search_info, false, FAULT_AT_LOOKUP },
	{ "/users/ping", account_ping, false, FAULT_AT_PROBE },
	{ "/users/ping2", account_ping2, false, FAULT_AT_PROBE },
	{ "/users/info", account_info, false, FAULT_AT_PROBE },
	{ "/senders/domains", account_domains, false, FAULT_AT_PROBE },
};

/* /api/1.0/messages/send.json and its like. */
static const struct call *
find_call(const char *path)
{
	if (!g_str_has_prefix(path, "/api/1.") || !g_ascii_isdigit(path[7]))
		return NULL;
	g_autofree char *rest = g_strdup(path + 8);
	if (g_str_has_suffix(rest, ".json"))
		rest[strlen(rest) - 5] = '\0';
	for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
		if (strcmp(calls[i].path, rest) == 0)
			return &calls[i];
	}
	return NULL;
}

static enum fault_moment
find_moment(const struct request *request)
{
	const struct call *call = find_call(request->path);

	return call != NULL ? call->moment : FAULT_AT_REQUEST;
}

static void
finish(struct house *house, struct request *request)
{
	struct mandrill *mandrill = request->state;
	const struct call *call = find_call(request->path);

	if (request->answer != NULL)
		return;
	if (call == NULL || strcmp(request->method, "POST") != 0) {
		refuse(
		    request, 404, "Unknown_Method", "There is no such method");
		return;
	}
	if (request->body_bytes > MOST_BYTES) {
		request->answer = response_new(413, "text/html",
		    "<html><head><title>413 Request Entity Too Large</title>"
		    "</head></html>");
		return;
	}
	mandrill->raw = call->raw;
	if (!read_json(request) || !check_key(house, request))
		return;
	if (call->fn != NULL)
		request->answer = call->fn(house, request, mandrill->json);
	else
		send_mail(house, request);
}

static void
close_request(struct request *request)
{
	struct mandrill *mandrill = request->state;

	if (mandrill == NULL)
		return;
	lift_free(mandrill->lift);
	json_object_put(mandrill->json);
	g_ptr_array_unref(mandrill->people);
	g_free(mandrill);
}

const struct api mandrill_api = {
	.moment = find_moment,
	.open = open_request,
	.body = take_body,
	.finish = finish,
	.close = close_request,
};
