/* SPDX-License-Identifier: MIT */
#include "fact.h"

#include "mail/outcome.h"
#include <stdio.h>
#include <string.h>

/* Longer than any text of a provider or address of a mail. */
#define TEXT_MAX 1024

#define DEPTH 16

static struct json_object *
parse(const GString *body)
{
	struct json_tokener *tokener = json_tokener_new_ex(DEPTH);
	struct json_object *object;

	json_tokener_set_flags(
	    tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	/* with its NUL: a body that is cut off is an error, not a wait */
	object = body->len < G_MAXINT ? json_tokener_parse_ex(tokener,
					    body->str, (int)body->len + 1)
				      : NULL;
	json_tokener_free(tokener);
	if (object == NULL || json_object_is_type(object, json_type_object))
		return object;
	json_object_put(object);
	return NULL;
}

struct json_object *
fact_parse(const GString *body)
{
	struct json_object *object = parse(body);

	if (object == NULL)
		fputs("postferry: the answer is no JSON; is the daemon of "
		      "another version than this command?\n",
		    stderr);
	return object;
}

char *
fact_detail(const GString *body)
{
	struct json_object *object = parse(body);
	char *detail = fact_text_or(object, "detail",
	    "it was refused without a word; is the daemon of another version "
	    "than this command?");

	json_object_put(object);
	return detail;
}

/* NULL when it is missing or of another type. */
static struct json_object *
find(struct json_object *object, const char *key, enum json_type type)
{
	struct json_object *value;

	if (object == NULL || !json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, type))
		return NULL;
	return value;
}

static char *
clean(struct json_object *string)
{
	return verdict_clean(json_object_get_string(string),
	    (size_t)json_object_get_string_len(string), TEXT_MAX);
}

char *
fact_text(struct json_object *object, const char *key)
{
	struct json_object *string = find(object, key, json_type_string);

	return string != NULL ? clean(string) : NULL;
}

char *
fact_text_or(struct json_object *object, const char *key, const char *nothing)
{
	char *text = fact_text(object, key);

	return text != NULL ? text : g_strdup(nothing);
}

bool
fact_is(struct json_object *object, const char *key, const char *word)
{
	struct json_object *string = find(object, key, json_type_string);

	return string != NULL &&
	       strcmp(json_object_get_string(string), word) == 0;
}

uint64_t
fact_number(struct json_object *object, const char *key)
{
	struct json_object *number = find(object, key, json_type_int);

	return number != NULL ? json_object_get_uint64(number) : 0;
}

int64_t
fact_signed(struct json_object *object, const char *key)
{
	struct json_object *number = find(object, key, json_type_int);

	return number != NULL ? json_object_get_int64(number) : 0;
}

bool
fact_flag(struct json_object *object, const char *key)
{
	struct json_object *flag = find(object, key, json_type_boolean);

	return flag != NULL && json_object_get_boolean(flag);
}

int64_t
fact_time(struct json_object *object, const char *key)
{
	struct json_object *string = find(object, key, json_type_string);
	g_autoptr(GDateTime) date = NULL;

	if (string != NULL)
		date = g_date_time_new_from_iso8601(
		    json_object_get_string(string), NULL);
	if (date == NULL)
		return 0;
	return g_date_time_to_unix(date) * 1000 +
	       g_date_time_get_microsecond(date) / 1000;
}

struct json_object *
fact_object(struct json_object *object, const char *key)
{
	return find(object, key, json_type_object);
}

size_t
fact_count(struct json_object *object, const char *key)
{
	struct json_object *array = find(object, key, json_type_array);

	return array != NULL ? json_object_array_length(array) : 0;
}

struct json_object *
fact_element(struct json_object *object, const char *key, size_t i)
{
	struct json_object *array = find(object, key, json_type_array);

	return array != NULL ? json_object_array_get_idx(array, i) : NULL;
}

char *
fact_text_at(struct json_object *object, const char *key, size_t i)
{
	struct json_object *string = fact_element(object, key, i);

	return json_object_is_type(string, json_type_string) ? clean(string)
							     : g_strdup("?");
}
