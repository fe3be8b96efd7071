/* SPDX-License-Identifier: MIT */
#include "environment.h"

#include <string.h>

#define PREFIX "POSTFERRY_"

/* What a variable names. */
struct target {
	const char *kind;
	char *title; /* as in the variable, lower case; NULL: nameless */
	char *key;
};

/* A word as variables have it. */
static char *
make_upper(const char *word)
{
	char *upper = g_ascii_strup(word, -1);

	return g_strdelimit(upper, "-.", '_');
}

char *
environment_name(const char *section, const char *key)
{
	g_autofree char *upper_section = make_upper(section);
	g_autofree char *upper_key = make_upper(key);

	g_strdelimit(upper_section, " ", '_');
	return g_strconcat(PREFIX, upper_section, "_", upper_key, NULL);
}

/* What is left of text before _KEY; 0: it does not end so, or nothing is. */
static size_t
measure_title(const char *text, const char *key)
{
	g_autofree char *end = g_strconcat("_", key, NULL);

	if (!g_str_has_suffix(text, end))
		return 0;
	return strlen(text) - strlen(end);
}

/* Reads what follows POSTFERRY_KIND_ (lower case) as NAME_KEY, or as KEY. */
static bool
split_rest(const struct draft *draft, const char *rest, struct target *target)
{
	g_autoptr(GPtrArray) keys = rows_keys(draft->rows, target->kind);
	bool nameless = rows_is_nameless(target->kind);
	size_t title_length = strlen(rest);

	for (unsigned i = 0; i < keys->len; i++) {
		const char *key = keys->pdata[i];
		size_t length = measure_title(rest, key);

		if (nameless ? strcmp(rest, key) != 0
			     : length == 0 || length >= title_length)
			continue;
		title_length = length;
		g_free(target->key);
		target->key = g_strdup(key);
	}
	if (target->key != NULL && !nameless)
		target->title = g_strndup(rest, title_length);
	return target->key != NULL;
}

static bool
find_target(
    const struct draft *draft, const char *variable, struct target *target)
{
	for (const char *const *kind = rows_kinds(draft->rows); *kind; kind++) {
		g_autofree char *upper = make_upper(*kind);
		g_autofree char *prefix = g_strconcat(PREFIX, upper, "_", NULL);
		g_autofree char *rest = NULL;

		if (!g_str_has_prefix(variable, prefix))
			continue;
		rest = g_ascii_strdown(variable + strlen(prefix), -1);
		g_autofree char *again = make_upper(rest);
		target->kind = *kind;
		if (strcmp(again, variable + strlen(prefix)) == 0)
			return split_rest(draft, rest, target);
	}
	return false;
}

/* Adds POSTFERRY_KIND_TITLE_KEY of every key of the kind. */
static void
add_variables(const struct draft *draft, const char *kind, const char *title,
    GPtrArray *out)
{
	g_autoptr(GPtrArray) keys = rows_keys(draft->rows, kind);
	g_autofree char *upper_kind = make_upper(kind);
	g_autofree char *upper_title = make_upper(title ? title : "");

	for (unsigned i = 0; i < keys->len; i++) {
		g_autofree char *key = make_upper(keys->pdata[i]);

		g_ptr_array_add(
		    out, g_strconcat(PREFIX, upper_kind, "_", upper_title,
			     title ? "_" : "", key, NULL));
	}
}

/* Adds the variables that there may be: of the sections there are, and of every
 * section that the words of this variable may name. */
static void
add_candidates(const struct draft *draft, const char *variable, GPtrArray *out)
{
	g_auto(GStrv) words = g_strsplit(variable + strlen(PREFIX), "_", -1);
	guint count = g_strv_length(words);

	for (unsigned i = 0; i < draft->sections->len; i++) {
		const struct draft_section *section = draft->sections->pdata[i];

		add_variables(draft, section->kind, section->title, out);
	}
	for (guint end = MIN(count, 6); end > 1; end--) {
		g_clear_pointer(&words[end], g_free);
		g_autofree char *title = g_strjoinv("_", words + 1);
		for (const char *const *kind = rows_kinds(draft->rows); *kind;
		     kind++)
			if (!rows_is_nameless(*kind))
				add_variables(draft, *kind, title, out);
	}
}

static void
fault_variable(struct draft *draft, const char *variable)
{
	g_autoptr(GPtrArray) known = g_ptr_array_new_with_free_func(g_free);

	draft->shapeless = true;
	add_candidates(draft, variable, known);
	const char *nearest = rows_nearest(variable, known);
	if (nearest != NULL)
		draft_fault(draft, variable,
		    "this variable names no setting; did you mean %s?",
		    nearest);
	else
		draft_fault(draft, variable,
		    "this variable names no setting; \"postferry settings\" "
		    "prints those there are");
}

/* Kubernetes sets these in every container beside a service called
 * postferry-something; they are not meant for us. */
static bool
is_service_link(const char *variable, const char *value)
{
	if (g_str_has_suffix(variable, "_PORT") && strstr(value, "://"))
		return true;
	return g_regex_match_simple("_(SERVICE_(HOST|PORT)(_.+)?|"
				    "PORT_[0-9]+_(TCP|UDP|SCTP)"
				    "(_(PROTO|PORT|ADDR))?)$",
	    variable, G_REGEX_DEFAULT, G_REGEX_MATCH_DEFAULT);
}

/* The section that the target names: as the file has it, or a new one.  NULL
 * and an error added when it could be two. */
static struct draft_section *
find_section(
    struct draft *draft, const struct target *target, const char *variable)
{
	g_autofree char *name =
	    g_strjoin(" ", target->kind, target->title, NULL);
	g_autofree char *upper = make_upper(name);
	struct draft_section *found = NULL;

	for (unsigned i = 0; i < draft->sections->len; i++) {
		struct draft_section *section = draft->sections->pdata[i];
		g_autofree char *other = make_upper(section->name);

		if (strcmp(upper, other) != 0)
			continue;
		if (found != NULL) {
			draft_fault(draft, variable,
			    "this could be [%s] or [%s]: set it in the file",
			    found->name, section->name);
			return NULL;
		}
		found = section;
	}
	if (found != NULL)
		return found;
	return draft_add(draft, name, variable, DRAFT_ENVIRONMENT);
}

static void
give_target(
    struct draft *draft, const struct target *target, struct draft_given *given)
{
	struct draft_section *section =
	    find_section(draft, target, given->origin);

	given->key = target->key;
	if (section != NULL)
		draft_set(draft, section, given);
}

static void
take_variable(struct draft *draft, const char *variable, const char *value)
{
	struct target target = { 0 };
	struct draft_given given = {
		.text = value,
		.origin = variable,
		.source = DRAFT_ENVIRONMENT,
	};

	if (find_target(draft, variable, &target)) {
		if (*value != '\0')
			give_target(draft, &target, &given);
	} else if (!is_service_link(variable, value)) {
		fault_variable(draft, variable);
	}
	g_free(target.title);
	g_free(target.key);
}

/* A section that only variables make must have what makes a section of its
 * kind: else a name was misspelt. */
static void
check_made(struct draft *draft, struct draft_section *section)
{
	const struct setting *const *row = rows_all(draft->rows);

	for (; *row != NULL; row++) {
		if (strcmp((*row)->section, section->kind) != 0 ||
		    !(*row)->required || (*row)->only != NULL ||
		    draft_get(section, (*row)->key) != NULL)
			continue;
		g_autofree char *variable =
		    environment_name(section->name, (*row)->key);
		draft_fault(draft, section->origin,
		    "there is no section [%s]; to make one set %s too",
		    section->name, variable);
		section->broken = true;
		return;
	}
}

void
environment_read(struct draft *draft)
{
	char *const *line = draft->environment;

	for (; line != NULL && *line != NULL; line++) {
		const char *equals = strchr(*line, '=');

		if (equals == NULL || !g_str_has_prefix(*line, PREFIX))
			continue;
		g_autofree char *variable =
		    g_strndup(*line, (size_t)(equals - *line));
		take_variable(draft, variable, equals + 1);
	}
	for (unsigned i = 0; i < draft->sections->len; i++) {
		struct draft_section *section = draft->sections->pdata[i];

		if (section->origin != NULL &&
		    section->source == DRAFT_ENVIRONMENT)
			check_made(draft, section);
	}
}
