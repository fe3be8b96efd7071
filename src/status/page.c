/* SPDX-License-Identifier: MIT */
#include "page.h"

#include "census.h"
#include "condition.h"
#include "core/clock.h"
#include <string.h>

const char *
page_field(const struct page *page, const char *name)
{
	const struct request *request = page->request;

	return request->field != NULL ? request->field(request->object, name)
				      : NULL;
}

bool
page_is_known(const struct page *page, struct status_answer *answer)
{
	struct condition condition = {
		.etags = page_field(page, "If-None-Match"),
		.since = page_field(page, "If-Modified-Since"),
	};

	if (!condition_is_known(&condition, answer))
		return false;
	answer->code = 304;
	return true;
}

static void
write_body(struct status_answer *answer, struct json_object *object)
{
	size_t length;
	const char *text = json_object_to_json_string_length(object,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &length);

	answer->body = g_string_new_len(text, (gssize)length);
	g_string_append_c(answer->body, '\n');
	json_object_put(object);
}

void
page_answer(struct status_answer *answer, struct json_object *object)
{
	answer->code = 200;
	answer->type = "application/json";
	write_body(answer, object);
}

/* RFC 9457 4.2.1: the title of about:blank is that of the status. */
static const char *
find_title(unsigned code)
{
	static const struct {
		unsigned code;
		const char *title;
	} titles[] = {
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 406, "Not Acceptable" },
		{ 409, "Conflict" },
		{ 410, "Gone" },
		{ 413, "Content Too Large" },
		{ 415, "Unsupported Media Type" },
		{ 421, "Misdirected Request" },
		{ 422, "Unprocessable Content" },
		{ 429, "Too Many Requests" },
		{ 500, "Internal Server Error" },
		{ 503, "Service Unavailable" },
		{ 507, "Insufficient Storage" },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(titles); i++)
		if (titles[i].code == code)
			return titles[i].title;
	g_assert_not_reached();
}

struct json_object *
page_problem(unsigned code, const char *detail)
{
	struct json_object *object = json_object_new_object();

	page_add_text(object, "type", "about:blank");
	page_add_text(object, "title", find_title(code));
	page_add_number(object, "status", code);
	page_add_text(object, "detail", detail);
	return object;
}

void
page_refuse_with(
    struct status_answer *answer, unsigned code, struct json_object *problem)
{
	answer->code = code;
	answer->type = "application/problem+json";
	write_body(answer, problem);
}

void
page_refuse(
    struct status_answer *answer, unsigned code, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *detail = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	page_refuse_with(answer, code, page_problem(code, detail));
}

/* What is said of an obstacle depends on whether the mail is there: then it is
 * the mail's state that stands in the way. */
bool
page_ask(const struct page *page, struct store_ask *ask,
    struct status_answer *answer)
{
	if (page->options->store == NULL) {
		page_refuse(answer, 503,
		    "there is no queue: [server] state_dir is not set");
		return false;
	}
	store_answer(page->options->store, ask);
	if (ask->obstacle == NULL)
		return true;
	page_refuse(answer, ask->found && ask->id != NULL ? 409 : 503, "%s",
	    ask->obstacle);
	store_ask_clear(ask);
	return false;
}

/* Less than those who watch wait themselves, so that they hear of it. */
#define COUNTS_MS (8 * INT64_C(1000))

static bool
count_for_stranger(const struct page *page, struct store_counts *counts,
    struct status_answer *answer)
{
	int64_t wait_ms = page->options->counts_ms;
	g_autofree char *obstacle = NULL;

	if (census_take(page->census, wait_ms != 0 ? wait_ms : COUNTS_MS,
		counts, &obstacle))
		return true;
	page_refuse(answer, 503, "%s",
	    obstacle != NULL ? obstacle
			     : "the queue does not answer: ask again");
	return false;
}

bool
page_count(const struct page *page, struct store_counts *counts,
    struct status_answer *answer)
{
	struct store_ask ask = { .question = STORE_COUNTS };

	if (page->who == NULL)
		return count_for_stranger(page, counts, answer);
	if (!page_ask(page, &ask, answer))
		return false;
	*counts = ask.counts;
	store_ask_clear(&ask);
	return true;
}

/* The words of what is more than one place, and of the places to the last. */
static const struct {
	const char *word;
	int place;
} wide[] = {
	{ "unfinished", STORE_UNFINISHED },
	{ "all", STORE_ANYWHERE },
};

static bool
find_place(const char *word, int last, int *place)
{
	for (int i = STORE_WAITING; i <= last; i++)
		if (strcmp(word, store_place_text((enum store_place)i)) == 0) {
			*place = i;
			return true;
		}
	for (size_t i = 0; last == STORE_FINISHED && i < G_N_ELEMENTS(wide);
	     i++)
		if (strcmp(word, wide[i].word) == 0) {
			*place = wide[i].place;
			return true;
		}
	return false;
}

static char *
list_places(int last)
{
	GString *words = g_string_new(NULL);

	for (int i = STORE_WAITING; i <= last; i++)
		g_string_append_printf(words, "%s%s",
		    words->len > 0 ? ", " : "",
		    store_place_text((enum store_place)i));
	for (size_t i = 0; last == STORE_FINISHED && i < G_N_ELEMENTS(wide);
	     i++)
		g_string_append_printf(words, ", %s", wide[i].word);
	return g_string_free(words, FALSE);
}

bool
page_read_state(
    const struct page *page, int *place, int last, struct status_answer *answer)
{
	const char *word = target_parameter(page->target, "state");
	g_autofree char *words = NULL;

	*place = last == STORE_FINISHED ? STORE_ANYWHERE : STORE_UNFINISHED;
	if (word == NULL || find_place(word, last, place))
		return true;
	words = list_places(last);
	page_refuse(
	    answer, 400, "state = \"%s\": one of %s is expected", word, words);
	return false;
}

bool
page_read_id(const char *text, char out[static ID_LENGTH + 1])
{
	static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

	if (strlen(text) != ID_LENGTH)
		return false;
	for (unsigned i = 0; i < ID_LENGTH; i++)
		out[i] = g_ascii_toupper(text[i]);
	out[ID_LENGTH] = '\0';
	return strspn(out, letters) == ID_LENGTH;
}

void
page_add_text(struct json_object *object, const char *key, const char *text)
{
	struct json_object *value = NULL;

	if (text != NULL) {
		g_autofree char *valid = g_utf8_make_valid(text, -1);

		value = json_object_new_string(valid);
	}
	json_object_object_add(object, key, value);
}

void
page_add_time(struct json_object *object, const char *key, int64_t ms)
{
	char text[CLOCK_RFC3339_LENGTH];

	if (ms != 0)
		clock_rfc3339(ms, text);
	page_add_text(object, key, ms != 0 ? text : NULL);
}

void
page_add_flag(struct json_object *object, const char *key, bool flag)
{
	json_object_object_add(object, key, json_object_new_boolean(flag));
}

void
page_add_number(struct json_object *object, const char *key, uint64_t number)
{
	json_object_object_add(object, key, json_object_new_uint64(number));
}
