/* SPDX-License-Identifier: MIT */
#include "events.h"
#include "core/clock.h"
#include "stamp.h"
#include <math.h>
#include <string.h>

#define MOST_ITEMS 300

typedef const char *(*read_fn)(const struct hit *hit);

/* A parameter that is compared with what a mail has. */
struct filter {
	const char *name;
	read_fn read;
};

/* What is asked. */
struct ask {
	const char *domain;
	GHashTable *parameters; /* char * to char * */
	double least, most;     /* seconds */
	bool descending;
	uint64_t limit, offset;
};

static const char *
read_message_id(const struct hit *hit)
{
	return hit->entry->message_id;
}

static const char *
read_recipient(const struct hit *hit)
{
	return hit->person->address;
}

static const char *
read_from(const struct hit *hit)
{
	return hit->entry->from;
}

static const char *
read_subject(const struct hit *hit)
{
	return hit->entry->subject;
}

static const struct filter filters[] = {
	{ "message-id", read_message_id },
	{ "recipient", read_recipient },
	{ "from", read_from },
	{ "subject", read_subject },
};

static const char *const others[] = { "begin", "end", "ascending", "limit",
	"event" };

/* The provider knows these; we do not do them. */
static const char *const beyond[] = { "list", "attachment", "to", "size",
	"recipients", "tags", "severity" };

static char *
strip(const char *text)
{
	g_autofree char *copy = g_strstrip(g_strdup(text));
	size_t length = strlen(copy);

	if (length < 2)
		return g_steal_pointer(&copy);
	if ((copy[0] == '"' && copy[length - 1] == '"') ||
	    (copy[0] == '(' && copy[length - 1] == ')')) {
		g_autofree char *inner = g_strndup(copy + 1, length - 2);
		return strip(inner);
	}
	return g_steal_pointer(&copy);
}

bool
events_match(const char *expression, const char *text)
{
	g_autofree char *inner = strip(expression);
	g_auto(GStrv) words = g_strsplit(inner, " OR ", -1);

	for (char **word = words; *word != NULL; word++) {
		g_autofree char *value = strip(*word);

		if (g_ascii_strcasecmp(value, text) == 0)
			return true;
	}
	return false;
}

static void
take_parameter(
    GHashTable *parameters, const struct request *request, const char *name)
{
	const char *text = door_parameter(request, name);

	if (text == NULL)
		return;
	char *value = g_uri_unescape_string(text, NULL);
	g_hash_table_insert(
	    parameters, g_strdup(name), value != NULL ? value : g_strdup(text));
}

static GHashTable *
read_query(struct request *request)
{
	GHashTable *parameters =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

	for (size_t i = 0; i < G_N_ELEMENTS(filters); i++)
		take_parameter(parameters, request, filters[i].name);
	for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
		take_parameter(parameters, request, others[i]);
	for (size_t i = 0; i < G_N_ELEMENTS(beyond); i++) {
		if (door_parameter(request, beyond[i]) != NULL)
			door_note(request,
			    "events by %s are beyond this simulator",
			    beyond[i]);
	}
	return parameters;
}

/* A page of before: its token is the question, in hexadecimal. */
static GHashTable *
read_page(const char *token)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (const char *at = token; at[0] != '\0' && at[1] != '\0'; at += 2) {
		int high = g_ascii_xdigit_value(at[0]);
		int low = g_ascii_xdigit_value(at[1]);

		if (high < 0 || low < 0)
			return NULL;
		g_string_append_c(text, (char)(high * 16 + low));
	}
	return g_uri_parse_params(
	    text->str, (gssize)text->len, "&", G_URI_PARAMS_NONE, NULL);
}

static char *
print_page(const struct ask *ask, uint64_t offset)
{
	g_autoptr(GString) text = g_string_new(NULL);
	GHashTableIter iter;
	gpointer name, value;

	g_hash_table_iter_init(&iter, ask->parameters);
	while (g_hash_table_iter_next(&iter, &name, &value)) {
		g_autofree char *escaped =
		    g_uri_escape_string(value, NULL, FALSE);

		if (strcmp(name, "offset") != 0)
			g_string_append_printf(
			    text, "%s=%s&", (const char *)name, escaped);
	}
	g_string_append_printf(text, "offset=%" G_GUINT64_FORMAT, offset);
	GString *token = g_string_new(NULL);
	for (size_t i = 0; i < text->len; i++)
		g_string_append_printf(
		    token, "%02x", (unsigned char)text->str[i]);
	return g_string_free(token, FALSE);
}

static bool
read_time(const struct ask *ask, const char *name, double *seconds,
    struct response **refusal)
{
	const char *text = g_hash_table_lookup(ask->parameters, name);

	if (text == NULL || stamp_read(text, seconds))
		return text != NULL;
	g_autofree char *message =
	    g_strdup_printf("'%s' parameter is not a valid date", name);
	*refusal = response_new_message(400, message);
	return false;
}

/* From begin to end; without an end ascending says which way. */
static struct response *
read_range(struct ask *ask)
{
	const char *way = g_hash_table_lookup(ask->parameters, "ascending");
	struct response *refusal = NULL;
	double begin = 0, end = INFINITY;
	bool begins = read_time(ask, "begin", &begin, &refusal);
	bool ends = refusal == NULL && read_time(ask, "end", &end, &refusal);

	if (refusal != NULL)
		return refusal;
	if (way != NULL && strcmp(way, "yes") != 0 && strcmp(way, "no") != 0)
		return response_new_message(
		    400, "'ascending' parameter is neither yes nor no");
	if (begins && !ends && way == NULL)
		return response_new_message(400,
		    "'ascending' parameter is missing, 'end' is not given");
	/* by default, and backwards, begin is the newest */
	ask->descending = way != NULL      ? way[0] == 'n'
			  : begins && ends ? begin > end
					   : true;
	if (!begins)
		begin = ask->descending ? INFINITY : 0;
	if (!ends)
		end = ask->descending ? 0 : INFINITY;
	ask->least = MIN(begin, end);
	ask->most = MAX(begin, end);
	return NULL;
}

static void
read_limit(struct ask *ask, struct request *request)
{
	const char *limit = g_hash_table_lookup(ask->parameters, "limit");
	const char *offset = g_hash_table_lookup(ask->parameters, "offset");

	ask->limit = limit != NULL ? g_ascii_strtoull(limit, NULL, 10) : 100;
	ask->offset = offset != NULL ? g_ascii_strtoull(offset, NULL, 10) : 0;
	if (ask->limit >= 1 && ask->limit <= MOST_ITEMS)
		return;
	door_note(
	    request, "limit is %s, 1 to %d is allowed", limit, MOST_ITEMS);
	ask->limit = MOST_ITEMS;
}

static bool
fits(const void *question, const struct hit *hit)
{
	const struct ask *ask = question;
	double time = (double)hit->entry->time_ms / 1000;

	if (g_strcmp0(hit->entry->domain, ask->domain) != 0 ||
	    time < ask->least || time > ask->most)
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(filters); i++) {
		const char *wanted =
		    g_hash_table_lookup(ask->parameters, filters[i].name);

		if (wanted != NULL &&
		    !events_match(wanted, filters[i].read(hit)))
			return false;
	}
	return true;
}

static void
add_text(struct json_object *object, const char *name, const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);

	json_object_object_add(object, name, json_object_new_string(valid));
}

struct json_object *
events_message(const struct entry *entry)
{
	struct json_object *message = json_object_new_object();
	struct json_object *headers = json_object_new_object();
	const struct entry_person *first = entry->people->pdata[0];

	add_text(headers, "to", first->address);
	add_text(headers, "message-id", entry->message_id);
	add_text(headers, "from", entry->from);
	add_text(headers, "subject", entry->subject);
	json_object_object_add(message, "headers", headers);
	json_object_object_add(message, "attachments", json_object_new_array());
	json_object_object_add(
	    message, "size", json_object_new_int64((int64_t)entry->size_bytes));
	return message;
}

static void
add_status(struct json_object *object, const struct aftermath *step)
{
	struct json_object *status = json_object_new_object();

	if (step->severity != NULL)
		add_text(object, "severity", step->severity);
	if (step->reason != NULL)
		add_text(object, "reason", step->reason);
	json_object_object_add(
	    status, "code", json_object_new_int((int)step->code));
	if (step->enhanced != NULL)
		add_text(status, "enhanced-code", step->enhanced);
	add_text(status, "message", step->text);
	json_object_object_add(object, "delivery-status", status);
}

struct json_object *
events_print(const struct hit *hit, const struct aftermath *step)
{
	struct json_object *object = json_object_new_object();
	g_autofree char *id = g_strdup_printf("%.3s%.1s-%s", step->mailgun,
	    step->severity != NULL ? step->severity : "", hit->person->id);
	const char *at = strrchr(hit->person->address, '@');

	add_text(object, "event", step->mailgun);
	add_text(object, "id", id);
	json_object_object_add(object, "timestamp",
	    json_object_new_double((double)hit->entry->time_ms / 1000));
	add_text(object, "log-level", "info");
	add_text(object, "method", "http");
	json_object_object_add(object, "message", events_message(hit->entry));
	add_text(object, "recipient", hit->person->address);
	add_text(object, "recipient-domain", at != NULL ? at + 1 : "");
	json_object_object_add(object, "tags", json_object_new_array());
	json_object_object_add(
	    object, "user-variables", json_object_new_object());
	if (step->code != 0)
		add_status(object, step);
	return object;
}

/* A page while it is filled. */
struct page {
	const struct ask *ask;
	const char *wanted; /* event; NULL: any */
	uint64_t index;
	struct json_object *items;
};

static void
print_step(
    struct page *page, const struct hit *hit, const struct aftermath *step)
{
	if (page->wanted != NULL && !events_match(page->wanted, step->mailgun))
		return;
	if (page->index++ < page->ask->offset ||
	    json_object_array_length(page->items) >= page->ask->limit)
		return;
	json_object_array_add(page->items, events_print(hit, step));
}

/* The events of each hit that are wanted, the page of them that is asked. */
static struct json_object *
print_items(const struct ask *ask, const GArray *found)
{
	struct page page = {
		.ask = ask,
		.wanted = g_hash_table_lookup(ask->parameters, "event"),
		.items = json_object_new_array(),
	};

	for (guint i = 0; i < found->len; i++) {
		guint at = ask->descending ? found->len - 1 - i : i;
		const struct hit *hit = &g_array_index(found, struct hit, at);

		for (const struct aftermath *step =
			 aftermath_of(hit->person->address);
		     step->mailgun != NULL; step++)
			print_step(&page, hit, step);
	}
	return page.items;
}

static void
add_link(struct json_object *paging, const char *name,
    const struct request *request, const char *base)
{
	const char *host = door_field(request, "Host");
	g_autofree char *url = g_strdup_printf(
	    "http://%s%s", host != NULL ? host : "localhost", base);

	json_object_object_add(paging, name, json_object_new_string(url));
}

/* Next and previous are always there: the end is an empty page. */
static struct json_object *
print_paging(
    const struct ask *ask, const struct request *request, uint64_t items)
{
	struct json_object *paging = json_object_new_object();
	g_autofree char *next = print_page(ask, ask->offset + items);
	g_autofree char *before = print_page(
	    ask, ask->offset > ask->limit ? ask->offset - ask->limit : 0);
	g_autofree char *next_path =
	    g_strdup_printf("/v3/%s/events/%s", ask->domain, next);
	g_autofree char *before_path =
	    g_strdup_printf("/v3/%s/events/%s", ask->domain, before);

	add_link(paging, "next", request, next_path);
	add_link(paging, "previous", request, before_path);
	return paging;
}

static struct response *
answer(struct house *house, struct request *request, const struct ask *ask)
{
	GArray *found = catalog_find(house->catalog, house->faults, fits, ask);
	struct json_object *items = print_items(ask, found);
	struct json_object *object = json_object_new_object();
	size_t length = json_object_array_length(items);

	g_array_unref(found);
	json_object_object_add(object, "items", items);
	json_object_object_add(
	    object, "paging", print_paging(ask, request, length));
	return response_new_json(200, object);
}

struct response *
events_list(struct house *house, struct request *request, const char *domain,
    const char *page)
{
	g_autofree char *lower = g_ascii_strdown(domain, -1);
	struct ask ask = { .domain = lower };

	ask.parameters = page != NULL ? read_page(page) : read_query(request);
	if (ask.parameters == NULL)
		return response_new_message(400, "invalid page token");
	struct response *refusal = read_range(&ask);
	if (refusal == NULL) {
		read_limit(&ask, request);
		refusal = answer(house, request, &ask);
	} else {
		door_note(request, "events asked in a way that is refused");
	}
	g_hash_table_unref(ask.parameters);
	return refusal;
}
