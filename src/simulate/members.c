/* SPDX-License-Identifier: MIT */
#include "members.h"
#include "people.h"
#include <string.h>

static char *check_object(
    const struct member *rows, struct json_object *object, GPtrArray *notes);

/* {"name":"why"}, as Mandrill says it. */
static char *
complain(const char *name, const char *why)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, name, json_object_new_string(why));
	char *text = g_strdup(json_object_to_json_string_ext(
	    object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
	return text;
}

/* {"name":inner} */
static char *
nest(const char *name, char *inner)
{
	if (inner == NULL)
		return NULL;
	char *text = g_strdup_printf("{\"%s\":%s}", name, inner);
	g_free(inner);
	return text;
}

static void G_GNUC_PRINTF(2, 3) note(GPtrArray *notes, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_ptr_array_add(notes, g_strdup_vprintf(format, arguments));
	va_end(arguments);
}

static char *
check_email(const char *name, const char *value)
{
	const char *at = strrchr(value, '@');

	if (at == NULL || strchr(value, '@') != at)
		return complain(
		    name, "An email address must contain a single @");
	if (people_is_address(value))
		return NULL;
	g_autofree char *local = g_strndup(value, (size_t)(at - value));
	g_autofree char *why = g_strdup_printf(
	    "The username portion of the email address is invalid (the "
	    "portion before the @: %s)",
	    local);
	return complain(name, why);
}

static bool
fits(const char *value, const char *pattern)
{
	return g_regex_match_simple(
	    pattern, value, G_REGEX_OPTIMIZE, G_REGEX_MATCH_DEFAULT);
}

static char *
check_string(const struct member *row, const char *value)
{
	if (row->most > 0 && g_utf8_strlen(value, -1) > (glong)row->most)
		return complain(row->name, "The value is too long");
	switch (row->shape) {
	case MEMBER_EMAIL:
		return check_email(row->name, value);
	case MEMBER_DATE:
		return fits(value, "^[0-9]{4}-[01][0-9]-[0-3][0-9] "
				   "[0-2][0-9]:[0-5][0-9]:[0-5][0-9]$")
			   ? NULL
			   : complain(row->name, "Please enter a valid date");
	case MEMBER_TYPE:
		return fits(value, "^(to|cc|bcc)$")
			   ? NULL
			   : complain(row->name,
				 "The recipient type must be one of to, cc or bcc");
	case MEMBER_IMAGE:
		return g_str_has_prefix(value, "image/")
			   ? NULL
			   : complain(row->name,
				 "The MIME type of an image must begin with image/");
	default:
		return NULL;
	}
}

static char *
check_tag(const char *name, const char *tag)
{
	if (tag[0] == '_')
		return complain(name, "Tags may not begin with an underscore");
	if (strlen(tag) > 50)
		return complain(name, "Tags may have 50 characters at most");
	return NULL;
}

static char *
check_item(const struct member *row, struct json_object *item, GPtrArray *notes)
{
	if (row->shape == MEMBER_OBJECTS) {
		if (!json_object_is_type(item, json_type_object))
			return complain(
			    row->name, "Please enter an array of objects");
		return nest(row->name, check_object(row->inside, item, notes));
	}
	if (!json_object_is_type(item, json_type_string))
		return complain(row->name, "Please enter an array of strings");
	const char *value = json_object_get_string(item);
	if (row->shape == MEMBER_EMAILS && strpbrk(value, "<> ") != NULL &&
	    !people_is_address(value))
		return complain(row->name, "Please enter bare addresses");
	return row->shape == MEMBER_TAGS ? check_tag(row->name, value) : NULL;
}

static char *
check_list(const struct member *row, struct json_object *list, GPtrArray *notes)
{
	char *message = NULL;

	if (!json_object_is_type(list, json_type_array))
		return complain(row->name, "Please enter an array");
	size_t length = json_object_array_length(list);
	if (row->required && length == 0)
		return complain(row->name, "Please enter at least one");
	for (size_t i = 0; message == NULL && i < length; i++)
		message =
		    check_item(row, json_object_array_get_idx(list, i), notes);
	return message;
}

static char *
check_map(const struct member *row, struct json_object *map, GPtrArray *notes)
{
	if (row->shape == MEMBER_HEADERS &&
	    json_object_is_type(map, json_type_array)) {
		note(notes, "%s is a list: all of it is lost", row->name);
		return NULL;
	}
	if (!json_object_is_type(map, json_type_object))
		return complain(row->name, "Please enter an object");
	if (row->most > 0 && strlen(json_object_to_json_string_ext(
				 map, JSON_C_TO_STRING_PLAIN)) > row->most)
		return complain(row->name, "The value is too long");
	json_object_object_foreach(map, name, value)
	{
		if (!json_object_is_type(value, json_type_string) &&
		    row->shape == MEMBER_HEADERS)
			note(notes, "header %s is no string", name);
	}
	return NULL;
}

static char *
check_member(
    const struct member *row, struct json_object *value, GPtrArray *notes)
{
	switch (row->shape) {
	case MEMBER_BOOL:
		return json_object_is_type(value, json_type_boolean)
			   ? NULL
			   : complain(row->name, "Please enter a boolean");
	case MEMBER_STRINGS:
	case MEMBER_EMAILS:
	case MEMBER_OBJECTS:
	case MEMBER_TAGS:
		return check_list(row, value, notes);
	case MEMBER_MAP:
	case MEMBER_HEADERS:
		return check_map(row, value, notes);
	case MEMBER_OBJECT:
		if (!json_object_is_type(value, json_type_object))
			return complain(row->name, "Please enter an object");
		return nest(row->name, check_object(row->inside, value, notes));
	default:
		if (!json_object_is_type(value, json_type_string))
			return complain(row->name, "Please enter a string");
		return check_string(row, json_object_get_string(value));
	}
}

static const struct member *
find_row(const struct member *rows, const char *name)
{
	for (; rows->name != NULL; rows++) {
		if (strcmp(rows->name, name) == 0)
			return rows;
	}
	return NULL;
}

static char *
check_object(
    const struct member *rows, struct json_object *object, GPtrArray *notes)
{
	char *message = NULL;

	for (const struct member *row = rows; row->name != NULL; row++) {
		struct json_object *value;

		if (!json_object_object_get_ex(object, row->name, &value)) {
			if (row->required)
				return complain(
				    row->name, "Please enter a value");
			continue;
		}
		if (value == NULL && !row->required &&
		    row->shape != MEMBER_NAME)
			continue;
		message = check_member(row, value, notes);
		if (message != NULL)
			return message;
	}
	json_object_object_foreach(object, name, unused)
	{
		(void)unused;
		if (find_row(rows, name) == NULL)
			note(notes, "%s is not known: it is ignored", name);
	}
	return NULL;
}

char *
members_check(
    const struct member *rows, struct json_object *object, GPtrArray *notes)
{
	return check_object(rows, object, notes);
}
