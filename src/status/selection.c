/* SPDX-License-Identifier: MIT */
#include "selection.h"

#include <string.h>

/* As mail_json.c writes them. */
static const char *const facts[] = { "id", "state", "received", "due",
	"finished", "listener", "peer", "helo", "protocol", "user", "envid",
	"return", "sender", "from", "subject", "tags", "size_bytes", "report",
	"rounds", "hold" };

static const struct {
	const char *name;
	enum store_part part;
} parts[] = {
	{ "recipients", STORE_RECIPIENTS },
	{ "attempts", STORE_ATTEMPTS },
	{ "acts", STORE_ACTS },
	{ "events", STORE_EVENTS },
};

/* 0: it is none. */
static unsigned
find_part(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
		if (strcmp(parts[i].name, name) == 0)
			return parts[i].part;
	return 0;
}

static bool
is_fact(const char *name, const struct selection_choice *choice)
{
	for (size_t i = 0; i < G_N_ELEMENTS(facts); i++)
		if (strcmp(facts[i], name) == 0)
			return true;
	return g_strcmp0(choice->extra, name) == 0;
}

static void
append(GString *names, const char *name)
{
	g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "", name);
}

/* choice NULL: parts alone. */
static char *
list_names(const struct selection_choice *choice)
{
	GString *names = g_string_new(NULL);

	for (size_t i = 0; choice != NULL && i < G_N_ELEMENTS(facts); i++)
		append(names, facts[i]);
	if (choice != NULL && choice->extra != NULL)
		append(names, choice->extra);
	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
		append(names, parts[i].name);
	return g_string_free(names, FALSE);
}

static bool
refuse(const char *parameter, const char *name,
    const struct selection_choice *choice, struct status_answer *answer)
{
	g_autofree char *names = list_names(choice);

	page_refuse(answer, 400, "%s: a mail has no \"%s\" here; it has: %s",
	    parameter, name, names);
	return false;
}

/* The words of a parameter; NULL: it is not given.  New. */
static char **
split(const struct page *page, const char *parameter)
{
	const char *text = target_parameter(page->target, parameter);
	char **words = text == NULL ? NULL : g_strsplit(text, ",", -1);

	for (char **word = words; word != NULL && *word != NULL; word++)
		g_strstrip(*word);
	return words;
}

static bool
read_include(const struct page *page, struct selection *selection,
    struct status_answer *answer)
{
	g_auto(GStrv) words = split(page, "include");

	if (words != NULL)
		selection->parts = 0;
	for (char **word = words; word != NULL && *word != NULL; word++) {
		unsigned part = find_part(*word);

		if (part == 0)
			return refuse("include", *word, NULL, answer);
		selection->parts |= part;
	}
	return true;
}

static bool
read_fields(const struct page *page, const struct selection_choice *choice,
    struct selection *selection, struct status_answer *answer)
{
	selection->fields = split(page, "fields");
	if (selection->fields == NULL)
		return true;
	if (*selection->fields == NULL)
		return refuse("fields", "", choice, answer);
	if (target_parameter(page->target, "include") == NULL)
		selection->parts = 0;
	for (char **word = selection->fields; *word != NULL; word++) {
		unsigned part = find_part(*word);

		if (part == 0 && !is_fact(*word, choice))
			return refuse("fields", *word, choice, answer);
		selection->parts |= part;
	}
	return true;
}

bool
selection_read(const struct page *page, const struct selection_choice *choice,
    struct selection *selection, struct status_answer *answer)
{
	*selection = (struct selection){ .parts = choice->usual };
	if (read_include(page, selection, answer) &&
	    read_fields(page, choice, selection, answer))
		return true;
	selection_clear(selection);
	return false;
}

void
selection_clear(struct selection *selection)
{
	g_clear_pointer(&selection->fields, g_strfreev);
}

void
selection_apply(const struct selection *selection, struct json_object *mail)
{
	const char *const *fields = (const char *const *)selection->fields;

	if (fields == NULL)
		return;
	for (size_t i = 0; i < G_N_ELEMENTS(facts); i++)
		if (!g_strv_contains(fields, facts[i]))
			json_object_object_del(mail, facts[i]);
}
