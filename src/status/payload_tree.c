/* SPDX-License-Identifier: MIT */
#include "payload_tree.h"

#include "mail/composition.h"
#include <string.h>

/* Entries of one list: more recipients than any mail has. */
#define LIST_MOST 20000

/* base[first][second] */
struct name {
	char *base, *first, *second; /* NULL: there is none */
};

static void
clear(struct name *name)
{
	g_free(name->base);
	g_free(name->first);
	g_free(name->second);
}

/* What stands between the brackets that at begins with, and *next behind them;
 * NULL: there are none. */
static char *
read_brackets(const char *at, const char **next)
{
	const char *end = *at == '[' ? strchr(at, ']') : NULL;

	*next = end != NULL ? end + 1 : at;
	return end != NULL ? g_strndup(at + 1, (gsize)(end - at - 1)) : NULL;
}

/* False when it is no name; then there is none to clear. */
static bool
read_name(struct name *name, const char *text)
{
	const char *at = text + strcspn(text, "[");

	*name = (struct name){ .base = g_strndup(text, (gsize)(at - text)) };
	name->first = read_brackets(at, &at);
	name->second = read_brackets(at, &at);
	if (*name->base != '\0' && *at == '\0')
		return true;
	clear(name);
	return false;
}

static bool
is_index(const char *text)
{
	return strspn(text, "0123456789") == strlen(text);
}

char *
payload_tree_path(const char *text)
{
	struct name name;
	GString *path;

	if (!read_name(&name, text))
		return g_strdup("");
	path = g_string_new(name.base);
	if (name.first != NULL)
		g_string_append_printf(path, "%s%s",
		    is_index(name.first) ? "[]" : ".",
		    is_index(name.first) ? "" : name.first);
	if (name.second != NULL)
		g_string_append_printf(path, ".%s", name.second);
	clear(&name);
	return g_string_free(path, FALSE);
}

static void
complain(struct payload *payload, const char *text, const char *why)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);

	composition_add_error(payload->errors, valid, "%s", why);
}

/* True when there was room. */
static bool
append(struct payload *payload, const char *name, struct json_object *list,
    struct json_object *value)
{
	if (json_object_array_length(list) < LIST_MOST)
		return json_object_array_add(list, value) == 0;
	payload_break(
	    payload, 413, "%s: more than %d values are given", name, LIST_MOST);
	return false;
}

/* The second of a name makes a list of the two. */
static bool
put_again(struct payload *payload, const char *key, struct json_object *place,
    struct json_object *value)
{
	struct json_object *there;

	if (!json_object_object_get_ex(place, key, &there))
		return json_object_object_add(place, key, value) == 0;
	if (json_object_is_type(there, json_type_object))
		return false;
	if (!json_object_is_type(there, json_type_array)) {
		struct json_object *list = json_object_new_array();

		json_object_array_add(list, json_object_get(there));
		json_object_object_add(place, key, list);
		there = list;
	}
	return append(payload, key, there, value);
}

/* The object or array of that name, made when there is none; NULL: there is
 * something else. */
static struct json_object *
find_place(struct payload *payload, const char *key, enum json_type type)
{
	struct json_object *there;

	if (json_object_object_get_ex(payload->object, key, &there))
		return json_object_is_type(there, type) ? there : NULL;
	there = type == json_type_array ? json_object_new_array()
					: json_object_new_object();
	json_object_object_add(payload->object, key, there);
	return there;
}

/* The object at that index; the next one is made.  NULL: it is none. */
static struct json_object *
find_entry(struct payload *payload, struct json_object *list, const char *index)
{
	guint64 n;

	if (*index == '\0' || !g_ascii_string_to_unsigned(index, 10, 0,
				  json_object_array_length(list), &n, NULL))
		return NULL;
	if (n == json_object_array_length(list)) {
		struct json_object *entry = json_object_new_object();

		if (append(payload, "a list", list, entry))
			return entry;
		json_object_put(entry);
		return NULL;
	}
	struct json_object *entry = json_object_array_get_idx(list, n);
	return json_object_is_type(entry, json_type_object) ? entry : NULL;
}

/* NULL: it was put; else why not. */
static const char *
put(struct payload *payload, const struct name *name, struct json_object *value)
{
	static const char twofold[] =
	    "is given as one value and as several that do not go together";
	struct json_object *place;

	if (name->first == NULL)
		return put_again(payload, name->base, payload->object, value)
			   ? NULL
			   : twofold;
	bool list = is_index(name->first);
	place = find_place(
	    payload, name->base, list ? json_type_array : json_type_object);
	if (place == NULL)
		return twofold;
	if (name->second == NULL && list)
		return append(payload, name->base, place, value) ? NULL
								 : twofold;
	if (name->second == NULL)
		return put_again(payload, name->first, place, value) ? NULL
								     : twofold;
	place = list ? find_entry(payload, place, name->first) : NULL;
	if (place == NULL)
		return "is no name: after list[0] comes list[1], and what "
		       "follows [0] is one member, like list[0][name]";
	return put_again(payload, name->second, place, value) ? NULL : twofold;
}

void
payload_tree_put(
    struct payload *payload, const char *text, struct json_object *value)
{
	const char *why = "is no name of a field";
	struct name name;

	if (strlen(text) <= PAYLOAD_TREE_NAME_MOST &&
	    g_utf8_validate(text, -1, NULL) && read_name(&name, text)) {
		why = put(payload, &name, value);
		clear(&name);
	}
	if (why == NULL)
		return;
	json_object_put(value);
	complain(payload, text, why);
}

void
payload_tree_add(
    struct payload *payload, const char *name, struct json_object *value)
{
	struct json_object *list = find_place(payload, name, json_type_array);

	if (list != NULL && append(payload, name, list, value))
		return;
	json_object_put(value);
	complain(payload, name, "is given as a text and as a file");
}
