/* SPDX-License-Identifier: MIT */
#include "draft.h"

#include "core/file.h"
#include "core/log.h"
#include "expansion.h"
#include <string.h>

#define TITLE_LENGTH_MAX 64

static void
free_secret(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	g_free(text);
}

static void
free_entry(void *object)
{
	struct draft_entry *entry = object;

	free_secret(entry->raw);
	free_secret(entry->text);
	g_free(entry->origin);
	g_free(entry);
}

static void
free_section(void *object)
{
	struct draft_section *section = object;

	g_free(section->kind);
	g_free(section->title);
	g_free(section->name);
	g_free(section->origin);
	g_ptr_array_unref(section->entries);
	g_free(section);
}

static struct draft_section *
append_section(struct draft *draft, const char *kind, const char *title)
{
	struct draft_section *section = g_new0(struct draft_section, 1);

	section->kind = g_strdup(kind);
	section->title = g_strdup(title);
	section->name = g_strjoin(" ", kind, title, NULL);
	section->entries = g_ptr_array_new_with_free_func(free_entry);
	g_ptr_array_add(draft->sections, section);
	return section;
}

struct draft *
draft_new(const struct rows *rows, char *const *environment, GPtrArray *errors)
{
	struct draft *draft = g_new0(struct draft, 1);

	draft->rows = rows;
	draft->environment = environment;
	draft->errors = errors;
	draft->told = told_new();
	draft->meant = g_ptr_array_new_with_free_func(g_free);
	draft->files = g_ptr_array_new_with_free_func(g_free);
	draft->sections = g_ptr_array_new_with_free_func(free_section);
	for (const char *const *kind = rows_kinds(draft->rows); *kind; kind++)
		if (rows_is_nameless(*kind))
			append_section(draft, *kind, NULL);
	return draft;
}

void
draft_free(struct draft *draft)
{
	g_ptr_array_unref(draft->sections);
	told_free(draft->told);
	g_ptr_array_unref(draft->meant);
	if (draft->files != NULL)
		g_ptr_array_unref(draft->files);
	g_free(draft);
}

void
draft_fault(struct draft *draft, const char *origin, const char *format, ...)
{
	GString *text = g_string_new(origin);
	va_list arguments;

	g_string_append(text, ": ");
	va_start(arguments, format);
	g_string_append_vprintf(text, format, arguments);
	va_end(arguments);
	g_ptr_array_add(draft->errors, g_string_free(text, FALSE));
}

struct draft_section *
draft_find(const struct draft *draft, const char *name)
{
	for (unsigned i = 0; i < draft->sections->len; i++) {
		struct draft_section *section = draft->sections->pdata[i];

		if (strcmp(section->name, name) == 0)
			return section;
	}
	return NULL;
}

/* "[server], [listener NAME], ...": what sections there may be. */
static char *
list_kinds(const struct draft *draft)
{
	GString *text = g_string_new(NULL);

	for (const char *const *kind = rows_kinds(draft->rows); *kind; kind++)
		g_string_append_printf(text, "%s[%s%s]",
		    text->len > 0 ? ", " : "", *kind,
		    rows_is_nameless(*kind) ? "" : " NAME");
	return g_string_free(text, FALSE);
}

/* What stands in it is not read. */
static void
mean(struct draft *draft, const char *kind, const char *title)
{
	if (rows_is_nameless(kind))
		told_add(draft->told, kind, NULL);
	else if (title != NULL)
		g_ptr_array_add(
		    draft->meant, g_strdup_printf("%s %s", kind, title));
	else
		draft->shapeless = true;
}

static void
fault_kind(struct draft *draft, const char *origin, const char *name)
{
	g_autofree char *kinds = list_kinds(draft);
	g_autofree char *kind = g_strndup(name, strcspn(name, " "));
	g_autoptr(GPtrArray) known = g_ptr_array_new();

	for (const char *const *k = rows_kinds(draft->rows); *k != NULL; k++)
		g_ptr_array_add(known, (void *)*k);
	const char *nearest = rows_nearest(kind, known);
	if (nearest == NULL) {
		draft_fault(draft, origin,
		    "[%s]: there is no such section; there are %s", name,
		    kinds);
		return;
	}
	draft_fault(draft, origin,
	    "[%s]: there is no such section; did you mean [%s%s]?", name,
	    nearest, name + strlen(kind));
	mean(draft, nearest,
	    name[strlen(kind)] ? name + strlen(kind) + 1 : NULL);
}

static bool
is_title(const char *title)
{
	for (const char *c = title; *c != '\0'; c++)
		if (!g_ascii_isalnum(*c) && strchr("-_.", *c) == NULL)
			return false;
	return *title != '\0' && strlen(title) <= TITLE_LENGTH_MAX;
}

struct draft_section *
draft_add(struct draft *draft, const char *name, const char *origin,
    enum draft_source source)
{
	g_auto(GStrv) parts = g_strsplit(name, " ", 2);
	const char *title = parts[0] ? parts[1] : NULL;
	struct draft_section *section = draft_find(draft, name);

	if (parts[0] == NULL ||
	    !g_strv_contains(rows_kinds(draft->rows), parts[0])) {
		fault_kind(draft, origin, name);
		return NULL;
	}
	if (rows_is_nameless(parts[0]) ? title != NULL
				       : title == NULL || !is_title(title)) {
		mean(draft, parts[0], title);
		draft_fault(draft, origin,
		    rows_is_nameless(parts[0])
			? "[%s]: this section takes no name: write [%s]"
			: "[%s]: a name is expected, [%s NAME], of up to 64 "
			  "letters, digits, - _ and .",
		    name, parts[0]);
		return NULL;
	}
	if (section == NULL)
		section = append_section(draft, parts[0], title);
	section->origin = g_strdup(origin);
	section->source = source;
	return section;
}

void
draft_complete(struct draft *draft)
{
	for (unsigned i = 0; i < draft->meant->len; i++) {
		const char *name = draft->meant->pdata[i];
		g_auto(GStrv) parts = g_strsplit(name, " ", 2);

		if (draft_find(draft, name) != NULL)
			continue;
		append_section(draft, parts[0], parts[1])->broken = true;
	}
}

static struct draft_entry *
find_entry(const struct draft_section *section, const char *key)
{
	for (unsigned i = 0; i < section->entries->len; i++) {
		struct draft_entry *entry = section->entries->pdata[i];

		if (strcmp(entry->row->key, key) == 0)
			return entry;
	}
	return NULL;
}

const struct draft_entry *
draft_get(const struct draft_section *section, const char *key)
{
	return find_entry(section, key);
}

/* The kind of section, other than this one, that has such a key. */
static const char *
find_owner(const struct draft *draft, const char *key)
{
	for (const struct setting *const *row = rows_all(draft->rows);
	     *row != NULL; row++)
		if (strcmp((*row)->key, key) == 0)
			return (*row)->section;
	return NULL;
}

static void
fault_key(struct draft *draft, const struct draft_section *section,
    const struct draft_given *given)
{
	g_autoptr(GPtrArray) keys = rows_keys(draft->rows, section->kind);
	const char *nearest = rows_nearest(given->key, keys);
	const char *owner = find_owner(draft, given->key);

	/* what is missing elsewhere was meant here */
	if (owner != NULL || nearest != NULL)
		told_add(draft->told, owner != NULL ? NULL : section->name,
		    owner != NULL ? given->key : nearest);
	if (owner != NULL)
		draft_fault(draft, given->origin,
		    "[%s] %s: this key belongs into [%s%s]", section->name,
		    given->key, owner, rows_is_nameless(owner) ? "" : " NAME");
	else if (nearest != NULL)
		draft_fault(draft, given->origin,
		    "[%s] %s: there is no such key; did you mean %s?",
		    section->name, given->key, nearest);
	else
		draft_fault(draft, given->origin,
		    "[%s] %s: there is no such key; \"postferry settings\" "
		    "prints those there are",
		    section->name, given->key);
}

/* The form of a key as written; a secret's KEY_file is found under KEY. */
static const struct setting *
find_row(
    const struct draft *draft, const char *kind, const char *key, bool *is_path)
{
	const struct setting *row = rows_find(draft->rows, kind, key, NULL);

	*is_path = false;
	if (row != NULL || !g_str_has_suffix(key, ROWS_FILE_SUFFIX))
		return row;
	g_autofree char *base =
	    g_strndup(key, strlen(key) - strlen(ROWS_FILE_SUFFIX));
	row = rows_find(draft->rows, kind, base, NULL);
	*is_path = true;
	return row != NULL && row->type == SETTING_SECRET ? row : NULL;
}

/* True when what is given may take the place of what was there. */
static bool
check_repeated(struct draft *draft, const struct draft_section *section,
    const struct draft_entry *old, const struct draft_entry *new)
{
	if (old->source != new->source)
		return true;
	if (old->is_path != new->is_path)
		draft_fault(draft, new->origin,
		    "[%s] %s%s: the secret is given by %s too: keep one of "
		    "them",
		    section->name, new->row->key,
		    new->is_path ? ROWS_FILE_SUFFIX : "", old->origin);
	else
		draft_fault(draft, new->origin,
		    "[%s] %s: this key stands here a second time, the first "
		    "is %s: keep one of them",
		    section->name, new->row->key, old->origin);
	return false;
}

void
draft_set(struct draft *draft, struct draft_section *section,
    const struct draft_given *given)
{
	bool is_path;
	const struct setting *row =
	    find_row(draft, section->kind, given->key, &is_path);

	if (row == NULL) {
		fault_key(draft, section, given);
		return;
	}
	struct draft_entry *entry = g_new0(struct draft_entry, 1);
	struct draft_entry *old = find_entry(section, row->key);
	entry->row = row;
	entry->raw = g_strdup(given->text);
	entry->origin = g_strdup(given->origin);
	entry->source = given->source;
	entry->is_path = is_path;
	if (old != NULL && !check_repeated(draft, section, old, entry)) {
		free_entry(entry);
		return;
	}
	if (old != NULL)
		g_ptr_array_remove(section->entries, old);
	g_ptr_array_add(section->entries, entry);
}

/* What the environment has is taken as it is, but for the line end that a
 * secret made from a file brings along. */
static char *
copy_variable(const char *raw)
{
	char *text = g_strdup(raw);
	size_t length = strlen(text);

	if (length > 0 && text[length - 1] == '\n')
		text[length - 1] = '\0';
	return text;
}

static char *
make_text(
    const struct draft *draft, const struct draft_entry *entry, GError **error)
{
	g_autofree char *text =
	    entry->source == DRAFT_ENVIRONMENT
		? copy_variable(entry->raw)
		: expansion_new(entry->raw, draft->environment, error);

	if (text == NULL || !entry->is_path)
		return g_steal_pointer(&text);
	g_ptr_array_add(draft->files, g_strdup(text));
	return file_read_secret(text, error);
}

static void
resolve_entry(struct draft *draft, const struct draft_section *section,
    struct draft_entry *entry)
{
	g_autoptr(GError) error = NULL;

	entry->text = make_text(draft, entry, &error);
	if (entry->text == NULL)
		told_add(draft->told, section->name, entry->row->key);
	if (entry->text == NULL)
		draft_fault(draft, entry->origin, "[%s] %s%s: %s",
		    section->name, entry->row->key,
		    entry->is_path ? ROWS_FILE_SUFFIX : "", error->message);
	else if (entry->row->type == SETTING_SECRET)
		log_hide(entry->text);
}

bool
draft_is_wanted(const struct draft_section *section, const char *only)
{
	return only == NULL || strcmp(section->kind, only) == 0;
}

void
draft_resolve(struct draft *draft, const char *only)
{
	for (unsigned i = 0; i < draft->sections->len; i++) {
		struct draft_section *section = draft->sections->pdata[i];

		for (unsigned e = 0; draft_is_wanted(section, only) &&
				     e < section->entries->len;
		     e++)
			resolve_entry(
			    draft, section, section->entries->pdata[e]);
	}
}
