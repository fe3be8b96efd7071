/* SPDX-License-Identifier: MIT */
#include "search.h"
#include "catalog.h"
#include "core/clock.h"
#include "texts.h"
#include <string.h>
#include <time.h>

#define CALLS_A_MINUTE 20
#define MINUTE_MS      60000
#define DAY_MS         ((int64_t)86400 * 1000)
#define ITEMS          100
#define MOST_ITEMS     1000

struct ask {
	const char *query;
	const char *id; /* messages/info: this one; NULL: any */
	int64_t least_ms, most_ms;
	uint64_t limit;
};

static const char *
find_text(struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, name, &value);
	return json_object_is_type(value, json_type_string)
		   ? json_object_get_string(value)
		   : NULL;
}

static char *
strip(const char *text)
{
	char *copy = g_strstrip(g_strdup(text));
	size_t length = strlen(copy);

	if (length < 2 || copy[0] != '"' || copy[length - 1] != '"')
		return copy;
	char *inner = g_strndup(copy + 1, length - 2);
	g_free(copy);
	return inner;
}

/* FIELD:VALUE; of u_NAME the metadata of that name. */
static bool
fits_term(const char *term, const struct hit *hit)
{
	g_auto(GStrv) pair = g_strsplit(term, ":", 2);
	g_autofree char *value = pair[1] != NULL ? strip(pair[1]) : NULL;
	const char *has = NULL;

	if (strcmp(term, "*") == 0)
		return true;
	if (value == NULL)
		return strstr(hit->entry->subject, term) != NULL;
	if (strcmp(pair[0], "email") == 0)
		has = hit->person->address;
	else if (strcmp(pair[0], "subject") == 0)
		has = hit->entry->subject;
	else if (strcmp(pair[0], "sender") == 0)
		has = hit->entry->from;
	else if (g_str_has_prefix(pair[0], "u_"))
		has = find_text(hit->entry->metadata, pair[0] + 2);
	return has != NULL && g_ascii_strcasecmp(has, value) == 0;
}

static bool
fits_all(const char *text, const struct hit *hit)
{
	g_auto(GStrv) terms = g_strsplit(text, " AND ", -1);

	for (char **term = terms; *term != NULL; term++) {
		if (!fits_term(g_strstrip(*term), hit))
			return false;
	}
	return true;
}

static bool
fits(const void *question, const struct hit *hit)
{
	const struct ask *ask = question;
	g_auto(GStrv) groups = g_strsplit(ask->query, " OR ", -1);

	if (ask->id != NULL)
		return strcmp(ask->id, hit->person->id) == 0;
	if (hit->entry->time_ms < ask->least_ms ||
	    hit->entry->time_ms > ask->most_ms)
		return false;
	for (char **group = groups; *group != NULL; group++) {
		if (fits_all(g_strstrip(*group), hit))
			return true;
	}
	return false;
}

/* A day, or a day and its time, UTC; more is the length of a day, for the end.
 * False: it is neither. */
static bool
read_date(const char *text, int64_t more, int64_t *out)
{
	struct tm parts = { 0 };
	const char *end;

	if (text == NULL)
		return true;
	end = strptime(text, "%Y-%m-%d %H:%M:%S", &parts);
	if (end == NULL) {
		parts = (struct tm){ 0 };
		end = strptime(text, "%Y-%m-%d", &parts);
		if (end != NULL && *end == '\0') {
			*out = (int64_t)timegm(&parts) * 1000 + more;
			return true;
		}
		return false;
	}
	*out = (int64_t)timegm(&parts) * 1000 + (more > 0 ? 999 : 0);
	return *end == '\0';
}

static const char *
read_ask(struct ask *ask, struct json_object *json)
{
	struct json_object *limit = NULL;
	const char *query = find_text(json, "query");
	int64_t now = clock_wall_ms();

	ask->query = query != NULL ? query : "*";
	ask->least_ms = now - 7 * DAY_MS;
	ask->most_ms = now;
	ask->limit = ITEMS;
	if (strpbrk(ask->query, "()") != NULL)
		return "a query in parentheses is beyond this simulator";
	if (!read_date(find_text(json, "date_from"), 0, &ask->least_ms) ||
	    !read_date(find_text(json, "date_to"), DAY_MS - 1, &ask->most_ms))
		return "date_from and date_to want YYYY-MM-DD";
	if (!json_object_object_get_ex(json, "limit", &limit))
		return NULL;
	ask->limit = (uint64_t)json_object_get_int64(limit);
	return json_object_is_type(limit, json_type_int) && ask->limit >= 1 &&
		       ask->limit <= MOST_ITEMS
		   ? NULL
		   : "limit wants 1 to 1000";
}

static void
add_text(struct json_object *object, const char *name, const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);

	json_object_object_add(object, name, json_object_new_string(valid));
}

/* What it came to in the end. */
static const char *
find_state(const struct hit *hit)
{
	const char *state = hit->person->status;

	for (const struct aftermath *at = aftermath_of(hit->person->address);
	     at->mailgun != NULL; at++)
		if (at->state != NULL && strcmp(state, "sent") == 0)
			return at->state;
	return state;
}

static struct json_object *
print_message(const struct hit *hit)
{
	struct json_object *object = json_object_new_object();
	const struct entry *entry = hit->entry;

	json_object_object_add(
	    object, "ts", json_object_new_int64(entry->time_ms / 1000));
	add_text(object, "_id", hit->person->id);
	add_text(object, "sender", entry->from);
	add_text(object, "subject", entry->subject);
	add_text(object, "email", hit->person->address);
	json_object_object_add(object, "tags", json_object_new_array());
	json_object_object_add(object, "opens", json_object_new_int(0));
	json_object_object_add(object, "clicks", json_object_new_int(0));
	add_text(object, "state", find_state(hit));
	json_object_object_add(
	    object, "metadata", json_object_get(entry->metadata));
	json_object_object_add(object, "smtp_events", json_object_new_array());
	return object;
}

struct json_object *
search_print_event(const struct hit *hit, const struct aftermath *step)
{
	struct json_object *event = json_object_new_object();
	struct json_object *message = print_message(hit);

	add_text(event, "event", step->mandrill);
	add_text(event, "_id", hit->person->id);
	json_object_object_add(
	    event, "ts", json_object_new_int64(clock_wall_ms() / 1000));
	if (step->severity != NULL)
		add_text(message, "diag", step->text);
	json_object_object_add(event, "msg", message);
	return event;
}

/* The newest first, as the real one has them. */
static struct json_object *
print_all(const GArray *found, uint64_t limit)
{
	struct json_object *list = json_object_new_array();

	for (guint i = found->len; i-- > 0 && limit > 0; limit--)
		json_object_array_add(
		    list, print_message(&g_array_index(found, struct hit, i)));
	return list;
}

/* So many searches in the minute behind us. */
static bool
is_too_often(struct house *house)
{
	const struct fault *fault =
	    faults_stand(house->faults, FAULT_LOOKUP_LIMIT);
	uint64_t limit = fault != NULL ? fault->number : CALLS_A_MINUTE;
	int64_t now = clock_monotonic_ms();

	while (house->searches->len > 0 &&
	       g_array_index(house->searches, int64_t, 0) <= now - MINUTE_MS)
		g_array_remove_index(house->searches, 0);
	if (limit > 0 && house->searches->len >= limit)
		return true;
	g_array_append_val(house->searches, now);
	return false;
}

struct response *
search_messages(
    struct house *house, struct request *request, struct json_object *json)
{
	struct ask ask = { 0 };
	const char *problem;

	if (is_too_often(house))
		return texts_named(house, "RequestLimitExceeded", NULL);
	problem = read_ask(&ask, json);
	if (problem != NULL) {
		g_autofree char *text =
		    g_strconcat("Validation error: ", problem, NULL);

		door_note(request, "422: %s", problem);
		return texts_mandrill(422, "ValidationError", text);
	}
	GArray *found = catalog_find(house->catalog, house->faults, fits, &ask);
	struct json_object *list = print_all(found, ask.limit);
	g_array_unref(found);
	return response_new_json(200, list);
}

struct response *
search_info(
    struct house *house, struct request *request, struct json_object *json)
{
	const char *id = find_text(json, "id");
	const struct ask ask = { .query = "", .id = id != NULL ? id : "" };
	GArray *found = catalog_find(house->catalog, house->faults, fits, &ask);
	struct response *response;

	(void)request;
	if (found->len > 0) {
		response = response_new_json(
		    200, print_message(&g_array_index(found, struct hit, 0)));
	} else {
		g_autofree char *text =
		    g_strdup_printf("No message exists with the id %s", ask.id);
		response = texts_mandrill(404, "Unknown_Message", text);
	}
	g_array_unref(found);
	return response;
}
