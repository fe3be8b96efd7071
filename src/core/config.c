/* SPDX-License-Identifier: MIT */
#include "core/config.h"

#include "core/log.h"
#include "environment.h"
#include "keyfile.h"
#include "value.h"
#include <string.h>

/* What a key of a section came to. */
struct held {
	const struct setting *setting;
	struct value *value; /* NULL: not set, no default */
	char *origin;        /* NULL: the default */
};

struct config {
	gatomicrefcount count;
	struct rows *rows;
	GHashTable *sections; /* name to GHashTable of key to struct held */
	GHashTable *names;    /* kind to GPtrArray of char, NULL-terminated */
	struct told *told;    /* NULL: nothing is at fault */
	GPtrArray *files;     /* char *, NULL-terminated: of secrets */
	GString *text; /* of the settings file; NULL: there is none, or it
			* was not read */
};

static void
free_held(void *object)
{
	struct held *held = object;

	value_free(held->value);
	g_free(held->origin);
	g_free(held);
}

static void
free_names(void *object)
{
	g_ptr_array_unref(object);
}

static void
free_section(void *object)
{
	g_hash_table_unref(object);
}

static struct config *
make_config(const struct setting *const *tables)
{
	struct config *config = g_new0(struct config, 1);

	g_atomic_ref_count_init(&config->count);
	config->rows = rows_new(tables);
	config->files = g_ptr_array_new_null_terminated(4, g_free, TRUE);
	config->sections = g_hash_table_new_full(
	    g_str_hash, g_str_equal, g_free, free_section);
	config->names =
	    g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_names);
	for (const char *const *kind = rows_kinds(config->rows); *kind; kind++)
		g_hash_table_insert(config->names, (void *)*kind,
		    g_ptr_array_new_null_terminated(4, g_free, TRUE));
	return config;
}

struct config *
config_ref(struct config *config)
{
	g_atomic_ref_count_inc(&config->count);
	return config;
}

void
config_unref(struct config *config)
{
	if (config == NULL || !g_atomic_ref_count_dec(&config->count))
		return;
	g_hash_table_unref(config->sections);
	g_hash_table_unref(config->names);
	rows_free(config->rows);
	told_free(config->told);
	g_ptr_array_unref(config->files);
	if (config->text != NULL) {
		explicit_bzero(config->text->str, config->text->len);
		g_string_free(config->text, TRUE);
	}
	g_free(config);
}

/* One section while it is checked. */
struct check {
	struct draft *draft;
	struct draft_section *section;
	GHashTable *keys;  /* the section in the config */
	const char *type;  /* of the section; NULL: it has none */
	bool type_unknown; /* it should have one: what depends on it cannot be
			    * checked */
};

/* A value that is wrong may be wrong for what settings are written like
 * elsewhere. */
static const char *
explain_value(const struct draft_entry *entry)
{
	static const char *const marks[] = { " #", "\t#", " ;", "\t;" };
	size_t length = strlen(entry->raw);

	if (entry->is_path)
		return "";
	for (unsigned i = 0; i < G_N_ELEMENTS(marks); i++)
		if (strstr(entry->raw, marks[i]) != NULL)
			return " (a # or ; behind a value begins no comment: "
			       "comments have lines of their own)";
	if (length > 1 && entry->raw[0] == entry->raw[length - 1] &&
	    (entry->raw[0] == '"' || entry->raw[0] == '\''))
		return " (quotes are part of the value: leave them out)";
	return "";
}

static void
fault_value(const struct check *check, const struct draft_entry *entry,
    const char *fault)
{
	g_autoptr(GString) shown = g_string_new(NULL);

	if (entry->row->type != SETTING_SECRET) {
		g_string_append(shown, " = ");
		log_escape(shown, entry->raw);
	}
	told_add(check->draft->told, check->section->name, entry->row->key);
	draft_fault(check->draft, entry->origin, "[%s] %s%s: %s%s",
	    check->section->name, entry->row->key, shown->str, fault,
	    explain_value(entry));
}

static void
hold(struct check *check, const struct setting *row, struct value *value,
    const char *origin)
{
	struct held *held = g_new(struct held, 1);

	held->setting = row;
	held->value = value;
	held->origin = g_strdup(origin);
	g_hash_table_insert(check->keys, (void *)row->key, held);
}

/* Reads what was given for a key by the form that counts here. */
static struct value *
read_entry(struct check *check, const struct draft_entry *entry,
    const struct setting *row)
{
	g_autoptr(GError) error = NULL;
	struct value *value;

	if (entry->text == NULL) /* said already */
		return NULL;
	value = value_new(row, entry->text, &error);
	if (value == NULL)
		fault_value(check, entry, error->message);
	else
		hold(check, row, value, entry->origin);
	return value;
}

/* "mailgun or mandrill": the types that have the key. */
static char *
list_types(const struct check *check, const struct setting *wanted)
{
	GString *types = g_string_new(NULL);

	for (const struct setting *const *row = rows_all(check->draft->rows);
	     *row != NULL; row++)
		if (strcmp((*row)->section, wanted->section) == 0 &&
		    strcmp((*row)->key, wanted->key) == 0)
			g_string_append_printf(types, "%s%s",
			    types->len > 0 ? " or " : "", (*row)->only);
	return g_string_free(types, FALSE);
}

static void
fault_type(const struct check *check, const struct draft_entry *entry)
{
	g_autofree char *types = list_types(check, entry->row);

	draft_fault(check->draft, entry->origin,
	    "[%s] %s: this key is for type = %s only; this section has type = "
	    "%s",
	    check->section->name, entry->row->key, types, check->type);
}

static void
check_entry(struct check *check, const struct draft_entry *entry)
{
	const struct setting *row = entry->row;

	if (strcmp(row->key, "type") == 0) /* read_type() */
		return;
	if (check->type_unknown && row->only != NULL)
		return;
	if (check->type != NULL)
		row = rows_find(check->draft->rows, check->section->kind,
		    row->key, check->type);
	if (row == NULL)
		fault_type(check, entry);
	else
		read_entry(check, entry, row);
}

/* The type decides which keys there may be, so it is read first. */
static void
read_type(struct check *check)
{
	const struct setting *row =
	    rows_find(check->draft->rows, check->section->kind, "type", NULL);
	const struct draft_entry *entry = draft_get(check->section, "type");
	struct value *value = NULL;

	if (row == NULL)
		return;
	if (entry != NULL)
		value = read_entry(check, entry, row);
	check->type = value != NULL ? value->text : NULL;
	if (entry == NULL)
		check->type = row->fallback;
	check->type_unknown = check->type == NULL;
	if (check->type_unknown)
		told_add(check->draft->told, check->section->name, NULL);
}

/* What to do about a key that is missing. */
static char *
make_remedy(const struct draft_section *section, const struct setting *row)
{
	if (section->origin != NULL && section->source == DRAFT_ENVIRONMENT) {
		g_autofree char *variable =
		    environment_name(section->name, row->key);

		return g_strconcat("Set the variable ", variable, NULL);
	}
	g_autofree char *example = setting_example(row);
	return g_strdup_printf("Add a line like: %s%s = %s", row->key,
	    row->type == SETTING_SECRET ? ROWS_FILE_SUFFIX : "", example);
}

static void
fault_missing(const struct check *check, const struct setting *row)
{
	const char *origin = check->section->origin;
	bool secret = row->type == SETTING_SECRET;

	g_autofree char *remedy = make_remedy(check->section, row);

	told_add(check->draft->told, check->section->name, row->key);
	draft_fault(check->draft, origin ? origin : "settings",
	    "[%s] has no %s%s%s%s, which it needs: %s %s", check->section->name,
	    row->key, secret ? " (or " : "", secret ? row->key : "",
	    secret ? ROWS_FILE_SUFFIX ")" : "", row->help, remedy);
}

/* What nobody gave has its default, or is missing. */
static void
fill_row(struct check *check, const struct setting *row)
{
	g_autoptr(GError) error = NULL;
	struct value *value = NULL;

	if (strcmp(row->section, check->section->kind) != 0 ||
	    !rows_applies(row, check->type) ||
	    draft_get(check->section, row->key) != NULL)
		return;
	if (row->required && row->fallback == NULL) {
		fault_missing(check, row);
		return;
	}
	if (row->fallback != NULL &&
	    (*row->fallback != '\0' || row->type == SETTING_STRING)) {
		value = value_new(row, row->fallback, &error);
		if (value == NULL)
			g_error("the default %s of %s is none: %s",
			    row->fallback, row->key, error->message);
	}
	hold(check, row, value, NULL);
}

/* What could stand where nothing can be read: the default, or what a person
 * might write. */
static struct value *
invent(const struct setting *row)
{
	g_autofree char *example = NULL;

	if (row->fallback != NULL && *row->fallback != '\0')
		return value_new(row, row->fallback, NULL);
	if (!row->required)
		return NULL;
	example = setting_example(row);
	return value_new(row, example, NULL);
}

/* So that the rest can be checked against it. */
static void
stand_in(const struct config *config, struct check *check)
{
	for (const struct setting *const *row = rows_all(config->rows);
	     *row != NULL; row++) {
		if (strcmp((*row)->section, check->section->kind) != 0)
			continue;
		if (check->type == NULL && strcmp((*row)->key, "type") == 0) {
			hold(check, *row, invent(*row), NULL);
			check->type = ((struct held *)g_hash_table_lookup(
					   check->keys, "type"))
					  ->value->text;
		} else if (rows_applies(*row, check->type) &&
			   !g_hash_table_contains(check->keys, (*row)->key)) {
			hold(check, *row, invent(*row), NULL);
		}
	}
}

static void
read_section(const struct config *config, struct check *check)
{
	const struct draft_section *section = check->section;

	if (section->broken) {
		told_add(check->draft->told, section->name, NULL);
		return;
	}
	read_type(check);
	for (unsigned i = 0; i < section->entries->len; i++)
		check_entry(check, section->entries->pdata[i]);
	for (const struct setting *const *row = rows_all(config->rows);
	     *row != NULL; row++)
		fill_row(check, *row);
}

static void
check_section(
    struct config *config, struct draft *draft, struct draft_section *section)
{
	struct check check = { .draft = draft, .section = section };

	check.keys =
	    g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_held);
	g_hash_table_insert(
	    config->sections, g_strdup(section->name), check.keys);
	if (section->title != NULL)
		g_ptr_array_add(
		    g_hash_table_lookup(config->names, section->kind),
		    g_strdup(section->title));
	read_section(config, &check);
	if (draft->errors->len > 0)
		stand_in(config, &check);
}

/* What was read once may be read again, whatever the file is by now. */
static bool
read_file(struct config *config, struct draft *draft,
    const struct config_source *source)
{
	const struct config *again = source->again;

	if (again != NULL && again->text != NULL)
		config->text = g_string_new_len(
		    again->text->str, (gssize)again->text->len);
	return keyfile_read(draft, source->path, &config->text);
}

/* False when not even the sections are known. */
static bool
read_sources(struct config *config, struct draft *draft,
    const struct config_source *source)
{
	bool whole = source->path == NULL || read_file(config, draft, source);

	if (!whole && source->only == NULL)
		return false;
	environment_read(draft);
	draft_complete(draft);
	draft_resolve(draft, source->only);
	for (unsigned i = 0; i < draft->sections->len; i++) {
		struct draft_section *section = draft->sections->pdata[i];

		if (draft_is_wanted(section, source->only))
			check_section(config, draft, section);
	}
	return source->only != NULL || !draft->shapeless;
}

struct config *
config_read_on(const struct config_source *source,
    const struct setting *const *tables, GPtrArray *errors)
{
	struct config *config = make_config(tables);
	struct draft *draft =
	    draft_new(config->rows, source->environment, errors);
	unsigned before = errors->len;

	if (!read_sources(config, draft, source))
		g_clear_pointer(&config, config_unref);
	else if (errors->len > before)
		config->told = g_steal_pointer(&draft->told);
	if (config != NULL)
		g_ptr_array_extend_and_steal(
		    config->files, g_steal_pointer(&draft->files));
	draft_free(draft);
	config_sort_errors(errors);
	return config;
}

struct config *
config_read(const struct config_source *source,
    const struct setting *const *tables, GPtrArray *errors)
{
	struct config *config = config_read_on(source, tables, errors);

	if (config != NULL && config->told != NULL)
		g_clear_pointer(&config, config_unref);
	return config;
}

bool
config_is_faulty(const struct config *config)
{
	return config->told != NULL;
}

void
config_drop_told(const struct config *config, GPtrArray *errors)
{
	for (unsigned i = errors->len; config->told != NULL && i-- > 0;)
		if (told_has(config->told, errors->pdata[i]))
			g_ptr_array_remove_index(errors, i);
}

const char *const *
config_names(const struct config *config, const char *kind)
{
	const GPtrArray *names = g_hash_table_lookup(config->names, kind);

	g_assert(names != NULL);
	return (const char *const *)names->pdata;
}

/* What is held for a key; NULL when there is no such section, or the key is for
 * another type of section. */
static const struct held *
find_held(const struct config *config, const char *section, const char *key)
{
	GHashTable *keys = g_hash_table_lookup(config->sections, section);
	const struct held *held =
	    keys == NULL ? NULL : g_hash_table_lookup(keys, key);

	if (held != NULL)
		return held;
	g_autofree char *kind = g_strndup(section, strcspn(section, " "));
	g_assert(rows_find(config->rows, kind, key, NULL) != NULL);
	return NULL;
}

/* The value of a key that is of one of the types (a bit each). */
static const struct value *
find_value(const struct config *config, const char *section, const char *key,
    unsigned types)
{
	const struct held *held = find_held(config, section, key);

	if (held == NULL)
		return NULL;
	g_assert((types & 1u << held->setting->type) != 0);
	return held->value;
}

#define NUMBERS \
	(1u << SETTING_NUMBER | 1u << SETTING_SIZE | 1u << SETTING_DURATION)
#define NO_TEXTS                                             \
	(NUMBERS | 1u << SETTING_BOOL | 1u << SETTING_LIST | \
	    1u << SETTING_NETWORKS | 1u << SETTING_DURATIONS)

const char *
config_string(const struct config *config, const char *section, const char *key)
{
	const struct value *value = find_value(config, section, key, ~NO_TEXTS);

	return value != NULL ? value->text : NULL;
}

int64_t
config_number(const struct config *config, const char *section, const char *key)
{
	const struct value *value = find_value(config, section, key, NUMBERS);

	return value != NULL ? value->number : 0;
}

bool
config_bool(const struct config *config, const char *section, const char *key)
{
	const struct value *value =
	    find_value(config, section, key, 1u << SETTING_BOOL);

	return value != NULL && value->number != 0;
}

const char *const *
config_list(const struct config *config, const char *section, const char *key)
{
	const struct value *value =
	    find_value(config, section, key, 1u << SETTING_LIST);

	return value != NULL ? (const char *const *)value->list : NULL;
}

const GArray *
config_durations(
    const struct config *config, const char *section, const char *key)
{
	const struct value *value =
	    find_value(config, section, key, 1u << SETTING_DURATIONS);

	return value != NULL ? value->durations : NULL;
}

const GArray *
config_networks(
    const struct config *config, const char *section, const char *key)
{
	const struct value *value =
	    find_value(config, section, key, 1u << SETTING_NETWORKS);

	return value != NULL ? value->networks : NULL;
}

bool
config_is_set(const struct config *config, const char *section, const char *key)
{
	const struct held *held = find_held(config, section, key);

	return held != NULL && held->origin != NULL;
}

const char *
config_origin(const struct config *config, const char *section, const char *key)
{
	const struct held *held = find_held(config, section, key);

	return held != NULL && held->origin != NULL ? held->origin : "default";
}

const char *const *
config_secret_files(const struct config *config)
{
	return (const char *const *)config->files->pdata;
}

const struct setting *const *
config_rows(const struct config *config)
{
	return rows_all(config->rows);
}

bool
config_is_same(const struct config *config, const struct config *other,
    const char *section, const char *key)
{
	const struct held *one = find_held(config, section, key);
	const struct held *two = find_held(other, section, key);
	const struct value *a = one != NULL ? one->value : NULL;
	const struct value *b = two != NULL ? two->value : NULL;

	return a == b ||
	       (a != NULL && b != NULL && strcmp(a->text, b->text) == 0);
}
