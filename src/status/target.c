/* SPDX-License-Identifier: MIT */
#include "target.h"

#include <string.h>

/* Decodes %XX in place of the text; false when it is no such code or a NUL. */
static bool
decode(char **text)
{
	char *decoded = g_uri_unescape_string(*text, NULL);

	if (decoded == NULL)
		return false;
	g_free(*text);
	*text = decoded;
	return true;
}

static bool
read_path(struct target *target, const char *path, size_t length)
{
	g_autofree char *text = g_strndup(path, length);

	target->segments = g_strsplit(text + 1, "/", -1);
	for (char **segment = target->segments; *segment != NULL; segment++)
		if (!decode(segment))
			return false;
	return true;
}

/* name=value; + is a space, as forms have it. */
static bool
read_parameter(struct target *target, const char *text)
{
	const char *equals = strchrnul(text, '=');
	char *name = g_strndup(text, (size_t)(equals - text));
	char *value = g_strdup(*equals == '=' ? equals + 1 : "");

	g_ptr_array_add(target->names, name);
	g_strdelimit(value, "+", ' ');
	bool good = decode(&value);
	g_ptr_array_add(target->values, value);
	return good;
}

static bool
read_query(struct target *target, const char *query, const char **why)
{
	g_auto(GStrv) pairs = g_strsplit(query, "&", -1);

	for (char **pair = pairs; *pair != NULL; pair++) {
		g_autofree char *name = g_strndup(*pair, strcspn(*pair, "="));

		*why = "a parameter is given twice";
		if (target_parameter(target, name) != NULL)
			return false;
		*why = "a parameter holds a % code that is none";
		if (**pair != '\0' && !read_parameter(target, *pair))
			return false;
	}
	return true;
}

bool
target_read(struct target *target, const char *text, const char **why)
{
	size_t length = strcspn(text, "?");

	target->segments = NULL;
	target->names = g_ptr_array_new_with_free_func(g_free);
	target->values = g_ptr_array_new_with_free_func(g_free);
	*why = "a path is expected that begins with / and whose % codes are "
	       "right";
	if (*text == '/' && read_path(target, text, length) &&
	    (text[length] == '\0' ||
		read_query(target, text + length + 1, why)))
		return true;
	target_clear(target);
	return false;
}

void
target_clear(struct target *target)
{
	g_clear_pointer(&target->segments, g_strfreev);
	g_clear_pointer(&target->names, g_ptr_array_unref);
	g_clear_pointer(&target->values, g_ptr_array_unref);
}

bool
target_fits(const struct target *target, const char *pattern)
{
	g_auto(GStrv) wanted = g_strsplit(pattern + 1, "/", -1);
	char **segment = target->segments;
	char **want = wanted;

	for (; *want != NULL && *segment != NULL; want++, segment++)
		if (strcmp(*want, "*") != 0 && strcmp(*want, *segment) != 0)
			return false;
	return *want == NULL && *segment == NULL;
}

const char *
target_parameter(const struct target *target, const char *name)
{
	for (unsigned i = 0; i < target->names->len; i++)
		if (strcmp(target->names->pdata[i], name) == 0)
			return target->values->pdata[i];
	return NULL;
}

const char *
target_stranger(const struct target *target, const char *known)
{
	g_auto(GStrv) names = g_strsplit(known, ",", -1);

	for (unsigned i = 0; i < target->names->len; i++)
		if (!g_strv_contains(
			(const char *const *)names, target->names->pdata[i]))
			return target->names->pdata[i];
	return NULL;
}
