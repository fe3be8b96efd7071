/* SPDX-License-Identifier: MIT */
#include "expansion.h"

static GQuark
get_quark(void)
{
	return g_quark_from_static_string("expansion");
}

/* Reads NAME} into name; returns what follows, NULL when it has no such
 * form. */
static const char *
read_name(const char *at, char **name)
{
	const char *end = at;

	while (g_ascii_isalnum(*end) || *end == '_')
		end++;
	*name = g_strndup(at, (size_t)(end - at));
	return end == at || *end != '}' ? NULL : end + 1;
}

/* Appends what NAME} stands for; returns what follows, NULL on an error. */
static const char *
append_variable(
    GString *out, const char *at, char *const *environment, GError **error)
{
	g_autofree char *name = NULL;
	const char *rest = read_name(at, &name);
	const char *value = NULL;

	if (rest == NULL) {
		g_set_error(error, get_quark(), 0,
		    "${ must be followed by the name of a variable and }; a $ "
		    "itself is written $$");
		return NULL;
	}
	if (environment != NULL)
		value = g_environ_getenv((char **)environment, name);
	if (value == NULL) {
		g_set_error(error, get_quark(), 0,
		    "the variable %s is not set in the environment", name);
		return NULL;
	}
	g_string_append(out, value);
	return rest;
}

char *
expansion_new(const char *text, char *const *environment, GError **error)
{
	GString *out = g_string_new(NULL);

	while (text != NULL && *text != '\0') {
		if (text[0] == '$' && text[1] == '{') {
			text =
			    append_variable(out, text + 2, environment, error);
			continue;
		}
		if (text[0] == '$' && text[1] == '$')
			text++;
		g_string_append_c(out, *text++);
	}
	return g_string_free(out, text == NULL);
}
