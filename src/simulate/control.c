/* SPDX-License-Identifier: MIT */
#include "control.h"
#include "mischief.h"
#include <string.h>

#define BODY_BYTES   65536
#define LIMIT        100000
#define LONGEST_WAIT 600000 /* ms */

struct control {
	struct door *door;
	struct house *house;
	const struct control_owner *owner;
	void *object;       /* the owner's */
	GPtrArray *waiting; /* struct request *, borrowed */
};

/* What a request is told by its query and body. */
struct ask {
	GString *body;
	uint64_t after, limit, count, wait_ms;
};

static void
open_request(void *object, struct request *request)
{
	struct ask *ask = g_new0(struct ask, 1);

	(void)object;
	ask->body = g_string_new(NULL);
	request->state = ask;
}

static void
take_body(
    void *object, struct request *request, const char *bytes, size_t length)
{
	struct ask *ask = request->state;

	(void)object;
	if (ask->body->len + length <= BODY_BYTES)
		g_string_append_len(ask->body, bytes, (gssize)length);
}

static void
close_request(void *object, struct request *request)
{
	struct control *control = object;
	struct ask *ask = request->state;

	g_ptr_array_remove(control->waiting, request);
	if (ask != NULL)
		g_string_free(ask->body, TRUE);
	g_free(ask);
}

static uint64_t
read_number(const struct request *request, const char *name, uint64_t missing)
{
	const char *text = door_parameter(request, name);

	return text != NULL ? g_ascii_strtoull(text, NULL, 10) : missing;
}

static struct response *
list_mails(const struct control *control, const struct ask *ask)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "accepted",
	    json_object_new_int64(
		(int64_t)records_count(control->house->records)));
	json_object_object_add(object, "mails",
	    records_list(control->house->records, ask->after,
		(unsigned)MIN(ask->limit, LIMIT)));
	return response_new_json(200, object);
}

static bool
is_enough(const struct control *control, const struct ask *ask)
{
	return records_count(control->house->records) >=
	       ask->after + ask->count;
}

static struct response *
get_mails(struct control *control, struct request *request)
{
	struct ask *ask = request->state;

	ask->after = read_number(request, "after", 0);
	ask->limit = read_number(request, "limit", LIMIT);
	ask->count = read_number(request, "count", 1);
	ask->wait_ms =
	    MIN(read_number(request, "wait", 0), (uint64_t)LONGEST_WAIT);
	if (ask->wait_ms == 0 || is_enough(control, ask))
		return list_mails(control, ask);
	request->delay_ms = (unsigned)ask->wait_ms;
	g_ptr_array_add(control->waiting, request);
	return NULL;
}

static void
answer_late(void *object, struct request *request)
{
	request->answer = list_mails(object, request->state);
}

static void
on_record(void *object)
{
	struct control *control = object;

	for (guint i = control->waiting->len; i-- > 0;) {
		struct request *request = control->waiting->pdata[i];

		if (!is_enough(control, request->state))
			continue;
		g_ptr_array_remove_index(control->waiting, i);
		door_answer(request, list_mails(control, request->state));
	}
}

static struct record *
find_mail(struct control *control, const char *const *words)
{
	guint64 number;

	if (!g_ascii_string_to_unsigned(
		words[1], 10, 1, G_MAXINT64, &number, NULL))
		return NULL;
	return records_find(control->house->records, number);
}

static struct response *
answer_blob(const struct blob *blob, const char *type)
{
	g_autoptr(GError) error = NULL;
	GBytes *bytes = blob != NULL ? blob_read(blob, &error) : NULL;

	if (bytes != NULL)
		return response_new_bytes(type, bytes);
	return response_new_message(
	    404, error != NULL ? error->message : "it has none");
}

static const struct blob *
find_file(const struct record *record, const char *word)
{
	guint64 index;

	if (!g_ascii_string_to_unsigned(word, 10, 0, G_MAXUINT32, &index, NULL))
		return NULL;
	for (guint i = 0; i < record->parts->len; i++) {
		const struct piece *part = record->parts->pdata[i];

		if (part->file && index-- == 0)
			return part->body;
	}
	return NULL;
}

static struct response *
get_mail(struct control *control, const char *const *words)
{
	struct record *record = find_mail(control, words);

	if (record == NULL)
		return response_new_message(404, "there is no such mail");
	if (words[2] == NULL)
		return response_new_json(200, record_json(record));
	if (strcmp(words[2], "raw") == 0)
		return answer_blob(record->raw, "message/rfc822");
	if (strcmp(words[2], "files") == 0 && words[3] != NULL)
		return answer_blob(
		    find_file(record, words[3]), "application/octet-stream");
	return response_new_message(404, "a mail has raw and files/K");
}

static void
add_number(struct json_object *object, const char *key, uint64_t number)
{
	json_object_object_add(
	    object, key, json_object_new_int64((int64_t)number));
}

static struct response *
get_state(const struct control *control)
{
	const struct house *house = control->house;
	struct json_object *object = json_object_new_object();

	json_object_object_add(
	    object, "provider", json_object_new_string(house->name));
	add_number(object, "accepted", atomic_load(&house->accepted));
	add_number(object, "requests", house->requests);
	add_number(object, "sends", house->sends);
	add_number(object, "lookups", house->lookups);
	add_number(object, "probes", house->probes);
	add_number(object, "busy", house->busy);
	add_number(object, "most_busy", house->most_busy);
	add_number(object, "connections_opened", house->opened);
	add_number(object, "connections_open",
	    control->owner->count_open(control->object));
	add_number(object, "violations", house->violation_count);
	return response_new_json(200, object);
}

static struct response *
get_violations(const struct control *control)
{
	struct json_object *list = json_object_new_array();

	for (GList *at = control->house->violations.head; at != NULL;
	     at = at->next) {
		const struct violation *violation = at->data;
		struct json_object *object = json_object_new_object();
		g_autofree char *text = g_utf8_make_valid(violation->text, -1);

		add_number(object, "number", violation->number);
		add_number(object, "time_ms", (uint64_t)violation->time_ms);
		if (violation->path != NULL)
			json_object_object_add(object, "path",
			    json_object_new_string(violation->path));
		json_object_object_add(
		    object, "text", json_object_new_string(text));
		json_object_array_add(list, object);
	}
	return response_new_json(200, list);
}

static struct response *
put_fault(struct control *control, const struct ask *ask)
{
	g_autoptr(GError) error = NULL;
	struct faults *faults =
	    mischief_parse(control->house->kind, ask->body->str, &error);

	if (faults == NULL)
		return response_new_message(400, error->message);
	control->owner->set_faults(control->object, faults);
	return response_new_message(200, "so be it");
}

static struct response *
put_webhook(struct control *control, const struct ask *ask)
{
	g_auto(GStrv) words = g_strsplit(g_strstrip(ask->body->str), " ", 3);
	unsigned count = g_strv_length(words);
	const struct simulator_webhook webhook = {
		.url = words[0],
		.key = count > 1 ? words[1] : NULL,
		.signed_url = count > 2 ? words[2] : NULL,
	};

	if (count < 2 ||
	    !control->owner->set_webhook(control->object, &webhook))
		return response_new_message(
		    400, "URL KEY is wanted, of a provider that has events");
	return response_new_message(200, "so be it");
}

static struct response *
delete_thing(struct control *control, const char *name)
{
	if (strcmp(name, "fault") == 0)
		control->owner->set_faults(control->object, NULL);
	else if (strcmp(name, "mails") == 0)
		records_clear(control->house->records);
	else if (strcmp(name, "most") == 0)
		control->house->most_busy = control->house->busy;
	else if (strcmp(name, "webhook") == 0)
		control->owner->set_webhook(control->object, NULL);
	else
		return response_new_message(
		    404, "mails, fault, webhook or most is deleted");
	return response_new_message(200, "gone");
}

static struct response *
get_thing(
    struct control *control, struct request *request, const char *const *words)
{
	if (strcmp(words[0], "mails") == 0)
		return words[1] == NULL ? get_mails(control, request)
					: get_mail(control, words);
	if (strcmp(words[0], "state") == 0)
		return get_state(control);
	if (strcmp(words[0], "violations") == 0)
		return get_violations(control);
	return response_new_message(
	    404, "there are /mails, /state, /violations and /fault");
}

static void
finish(void *object, struct request *request)
{
	struct control *control = object;
	g_auto(GStrv) words = g_strsplit(request->path + 1, "/", 5);
	const char *name = words[0] != NULL ? words[0] : "";

	if (strcmp(request->method, "GET") == 0 && *name != '\0')
		request->answer =
		    get_thing(control, request, (const char *const *)words);
	else if (strcmp(request->method, "DELETE") == 0)
		request->answer = delete_thing(control, name);
	else if (strcmp(request->method, "PUT") == 0 &&
		 strcmp(name, "fault") == 0)
		request->answer = put_fault(control, request->state);
	else if (strcmp(request->method, "PUT") == 0 &&
		 strcmp(name, "webhook") == 0)
		request->answer = put_webhook(control, request->state);
	else
		request->answer = response_new_message(
		    404, "there are /mails, /state, /violations and /fault");
}

static enum door_action
at_end(void *object, struct request *request)
{
	(void)object;
	return request->answer == NULL ? DOOR_HOLD : DOOR_GO_ON;
}

static const struct door_service service = {
	.open = open_request,
	.body = take_body,
	.finish = finish,
	.at_end = at_end,
	.late = answer_late,
	.close = close_request,
};

struct control *
control_new(
    struct acceptor *acceptor, struct event_base *base, struct house *house)
{
	struct control *control = g_new0(struct control, 1);

	control->house = house;
	control->waiting = g_ptr_array_new();
	control->door = door_new(acceptor, base, &service, control);
	house->on_record = on_record;
	house->on_record_object = control;
	return control;
}

void
control_serve(
    struct control *control, const struct control_owner *owner, void *object)
{
	control->owner = owner;
	control->object = object;
}

void
control_free(struct control *control)
{
	if (control == NULL)
		return;
	control->house->on_record = NULL;
	door_free(control->door);
	g_ptr_array_unref(control->waiting);
	g_free(control);
}

const char *
control_address(const struct control *control)
{
	return acceptor_address(door_acceptor(control->door));
}
