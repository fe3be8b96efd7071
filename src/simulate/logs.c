/* SPDX-License-Identifier: MIT */
#include "logs.h"
#include "catalog.h"
#include "core/clock.h"
#include "events.h"
#include "stamp.h"
#include <string.h>

#define MOST_ITEMS  100
#define DAY_SECONDS 86400

typedef const char *(*read_fn)(const struct hit *hit);

struct attribute {
	const char *name;
	read_fn read;
};

struct ask {
	struct json_object *predicates; /* an array, NULL: none */
	double start, end;              /* seconds */
	bool accepted;                  /* these events are wanted at all */
	bool descending;
	uint64_t limit, offset;
};

static const char *
read_domain(const struct hit *hit)
{
	return hit->entry->domain != NULL ? hit->entry->domain : "";
}

static const char *
read_recipient(const struct hit *hit)
{
	return hit->person->address;
}

static const char *
read_message_id(const struct hit *hit)
{
	return hit->entry->message_id;
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

static const struct attribute attributes[] = {
	{ "domain", read_domain },
	{ "recipient", read_recipient },
	{ "message_id", read_message_id },
	{ "from", read_from },
	{ "subject", read_subject },
};

static struct json_object *
find(struct json_object *object, const char *name, enum json_type type)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, name, &value);
	return json_object_is_type(value, type) ? value : NULL;
}

static const char *
find_text(struct json_object *object, const char *name)
{
	struct json_object *value = find(object, name, json_type_string);

	return value != NULL ? json_object_get_string(value) : NULL;
}

static const struct attribute *
find_attribute(struct json_object *predicate)
{
	const char *name = find_text(predicate, "attribute");

	for (size_t i = 0; name != NULL && i < G_N_ELEMENTS(attributes); i++) {
		if (strcmp(attributes[i].name, name) == 0)
			return &attributes[i];
	}
	return NULL;
}

static struct json_object *
find_values(struct json_object *predicate)
{
	return find(predicate, "values", json_type_array);
}

/* One of {attribute, "=", [{label, value}, ...]} */
static bool
is_predicate(struct json_object *predicate)
{
	struct json_object *values = find_values(predicate);
	size_t length = values != NULL ? json_object_array_length(values) : 0;

	if (find_attribute(predicate) == NULL || length == 0 ||
	    g_strcmp0(find_text(predicate, "comparator"), "=") != 0)
		return false;
	for (size_t i = 0; i < length; i++) {
		struct json_object *value =
		    json_object_array_get_idx(values, i);

		if (find_text(value, "value") == NULL ||
		    find_text(value, "label") == NULL)
			return false;
	}
	return true;
}

static bool
satisfies(struct json_object *predicate, const struct hit *hit)
{
	const char *text = find_attribute(predicate)->read(hit);
	struct json_object *values = find_values(predicate);

	for (size_t i = 0; i < json_object_array_length(values); i++) {
		const char *value =
		    find_text(json_object_array_get_idx(values, i), "value");

		if (g_ascii_strcasecmp(value, text) == 0)
			return true;
	}
	return false;
}

static size_t
count(struct json_object *array)
{
	return array != NULL ? json_object_array_length(array) : 0;
}

static bool
fits(const void *question, const struct hit *hit)
{
	const struct ask *ask = question;
	double time = (double)hit->entry->time_ms / 1000;

	if (time < ask->start || time > ask->end)
		return false;
	for (size_t i = 0; i < count(ask->predicates); i++) {
		if (!satisfies(
			json_object_array_get_idx(ask->predicates, i), hit))
			return false;
	}
	return true;
}

static const char *
read_filter(struct ask *ask, struct json_object *json)
{
	struct json_object *filter = find(json, "filter", json_type_object);

	if (filter == NULL)
		return NULL;
	ask->predicates = find(filter, "AND", json_type_array);
	if (ask->predicates == NULL)
		return "filter wants a list AND";
	for (size_t i = 0; i < count(ask->predicates); i++) {
		if (!is_predicate(
			json_object_array_get_idx(ask->predicates, i)))
			return "a predicate of the filter is not valid";
	}
	return NULL;
}

/* "1d", "12h" */
static double
read_duration(const char *text)
{
	char *unit = NULL;
	double number = g_ascii_strtod(text, &unit);

	return number * (*unit == 'd' ? DAY_SECONDS : *unit == 'h' ? 3600 : 60);
}

static const char *
read_range(struct ask *ask, struct json_object *json)
{
	const char *start = find_text(json, "start");
	const char *end = find_text(json, "end");
	const char *duration = find_text(json, "duration");

	ask->end = (double)clock_wall_ms() / 1000;
	if (end != NULL && !stamp_read(end, &ask->end))
		return "end is no date as in mail";
	ask->start = ask->end -
		     (duration != NULL ? read_duration(duration) : DAY_SECONDS);
	if (start != NULL && !stamp_read(start, &ask->start))
		return "start is no date as in mail";
	return NULL;
}

static const char *
read_pages(struct ask *ask, struct json_object *json)
{
	struct json_object *pages = find(json, "pagination", json_type_object);
	const char *sort = pages != NULL ? find_text(pages, "sort") : NULL;
	const char *token = pages != NULL ? find_text(pages, "token") : NULL;
	struct json_object *limit =
	    pages != NULL ? find(pages, "limit", json_type_int) : NULL;

	ask->descending = g_strcmp0(sort, "timestamp:asc") != 0;
	if (sort != NULL && !g_str_has_prefix(sort, "timestamp:"))
		return "sort wants timestamp:asc or timestamp:desc";
	ask->limit =
	    limit != NULL ? (uint64_t)json_object_get_int64(limit) : MOST_ITEMS;
	if (ask->limit < 1 || ask->limit > MOST_ITEMS)
		return "limit wants 1 to 100";
	if (token != NULL && !g_str_has_prefix(token, "from-"))
		return "token is not valid";
	ask->offset = token != NULL ? g_ascii_strtoull(token + 5, NULL, 10) : 0;
	return NULL;
}

static void
read_events(struct ask *ask, struct json_object *json)
{
	struct json_object *events = find(json, "events", json_type_array);

	ask->accepted = events == NULL;
	for (size_t i = 0; i < count(events); i++) {
		const char *name = json_object_get_string(
		    json_object_array_get_idx(events, i));

		ask->accepted |= g_strcmp0(name, "accepted") == 0;
	}
}

static const char *
read_ask(struct ask *ask, struct json_object *json)
{
	const char *problem;

	if (!json_object_is_type(json, json_type_object))
		return "the body is no JSON object";
	read_events(ask, json);
	problem = read_range(ask, json);
	if (problem == NULL)
		problem = read_filter(ask, json);
	if (problem == NULL)
		problem = read_pages(ask, json);
	return problem;
}

static void
add_text(struct json_object *object, const char *name, const char *text)
{
	json_object_object_add(object, name, json_object_new_string(text));
}

static void
add_page(struct json_object *object, const char *name, uint64_t offset)
{
	g_autofree char *token =
	    g_strdup_printf("from-%" G_GUINT64_FORMAT, offset);

	add_text(object, name, token);
}

static void
add_date(struct json_object *object, const char *name, double seconds)
{
	char text[CLOCK_RFC5322_LENGTH];

	clock_rfc5322((int64_t)(seconds * 1000), text);
	add_text(object, name, text);
}

static struct json_object *
print_item(const struct hit *hit)
{
	struct json_object *object = json_object_new_object();
	struct json_object *domain = json_object_new_object();
	g_autofree char *id = g_strconcat("log-", hit->person->id, NULL);
	char time[CLOCK_RFC3339_LENGTH];

	clock_rfc3339(hit->entry->time_ms, time);
	add_text(object, "id", id);
	add_text(object, "event", "accepted");
	add_text(object, "@timestamp", time);
	add_text(domain, "name", read_domain(hit));
	json_object_object_add(object, "domain", domain);
	add_text(object, "recipient", hit->person->address);
	json_object_object_add(object, "message", events_message(hit->entry));
	return object;
}

static struct json_object *
print_items(const struct ask *ask, const GArray *found)
{
	struct json_object *items = json_object_new_array();

	for (uint64_t i = ask->offset;
	     i < found->len && json_object_array_length(items) < ask->limit &&
	     ask->accepted;
	     i++) {
		guint at =
		    ask->descending ? found->len - 1 - (guint)i : (guint)i;

		json_object_array_add(
		    items, print_item(&g_array_index(found, struct hit, at)));
	}
	return items;
}

/* There is a next page as long as there is more. */
static struct json_object *
print_pages(const struct ask *ask, uint64_t items, uint64_t total)
{
	struct json_object *pages = json_object_new_object();
	uint64_t next = ask->offset + items;

	if (next < total)
		add_page(pages, "next", next);
	add_page(pages, "first", 0);
	json_object_object_add(
	    pages, "total", json_object_new_int64((int64_t)total));
	return pages;
}

static struct response *
answer(struct house *house, const struct ask *ask)
{
	GArray *found = catalog_find(house->catalog, house->faults, fits, ask);
	struct json_object *object = json_object_new_object();
	struct json_object *items = print_items(ask, found);

	add_date(object, "start", ask->start);
	add_date(object, "end", ask->end);
	json_object_object_add(object, "items", items);
	json_object_object_add(object, "pagination",
	    print_pages(ask, json_object_array_length(items), found->len));
	json_object_object_add(object, "aggregates", json_object_new_object());
	g_array_unref(found);
	return response_new_json(200, object);
}

struct response *
logs_list(struct house *house, struct request *request, const char *body)
{
	struct json_object *json = json_tokener_parse(body);
	struct ask ask = { 0 };
	const char *problem = read_ask(&ask, json);
	struct response *response;

	if (problem == NULL) {
		response = answer(house, &ask);
	} else {
		door_note(request, "400: %s", problem);
		response = response_new_message(400, problem);
	}
	json_object_put(json);
	return response;
}
