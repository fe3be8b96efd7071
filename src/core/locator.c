/* SPDX-License-Identifier: MIT */
#include "locator.h"

#include <stdbool.h>
#include <string.h>

/* What is known while the lines are walked. */
struct walk {
	struct locator *locator;
	GString *clean;
	const char *section; /* we are in; NULL: before any */
	bool lost;           /* after a section line that could not be read */
	unsigned line;
};

static void
clear_place(void *object)
{
	struct place *place = object;

	g_free(place->section);
	g_free(place->key);
}

static void
add_fault(struct walk *walk, const char *fault)
{
	struct place place = {
		.kind = PLACE_FAULT, .line = walk->line, .fault = fault
	};

	g_array_append_val(walk->locator->places, place);
}

/* "provider  mailgun " is "provider mailgun". */
static char *
squeeze(const char *inside)
{
	g_auto(GStrv) words = g_strsplit_set(inside, " \t", -1);
	GString *name = g_string_new(NULL);

	for (char **word = words; *word != NULL; word++) {
		if (**word == '\0')
			continue;
		if (name->len > 0)
			g_string_append_c(name, ' ');
		g_string_append(name, *word);
	}
	return g_string_free(name, FALSE);
}

static bool
has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if (g_ascii_iscntrl(*text) && *text != '\t')
			return true;
	return false;
}

/* What is wrong with a line that begins with [; NULL: nothing. */
static const char *
judge_section(const char *line)
{
	const char *end = strchr(line, ']');

	if (end == NULL)
		return "the section's name does not end: ] is missing";
	if (end[1 + strspn(end + 1, " \t")] != '\0')
		return "nothing may follow the ] of a section, not even a "
		       "comment: put that on a line of its own";
	if (line + 1 + strspn(line + 1, " \t") == end)
		return "the section has no name";
	if (memchr(line + 1, '[', (size_t)(end - line - 1)) != NULL ||
	    has_control(line))
		return "a section's name may hold neither [ nor control "
		       "characters";
	return NULL;
}

static void
take_section(struct walk *walk, const char *line)
{
	const char *fault = judge_section(line);
	struct place place = { .kind = PLACE_SECTION, .line = walk->line };

	walk->lost = fault != NULL;
	if (fault != NULL) {
		add_fault(walk, fault);
		return;
	}
	g_autofree char *inside = g_strndup(line + 1, strcspn(line + 1, "]"));
	place.section = squeeze(inside);
	g_array_append_val(walk->locator->places, place);
	g_string_append_printf(walk->clean, "[%s]", place.section);
	walk->section = place.section;
}

/* What is wrong with a line that is no section and no comment. */
static const char *
judge_key(const struct walk *walk, const char *line)
{
	const char *equals = strchr(line, '=');

	if (*line == ';')
		return "a comment begins with #";
	if (equals == NULL)
		return "this is neither [section], nor key = value, nor a "
		       "comment, which begins with #";
	if (equals == line)
		return "the key is missing before the =";
	if (strcspn(line, "[]") < (size_t)(equals - line))
		return "a key may hold neither [ nor ]";
	/* GKeyFile reads it, and refuses the file when it is not UTF-8 */
	if (strncmp(line, "Encoding", 8) == 0 &&
	    line + 8 + strspn(line + 8, " \t") == equals)
		return "there is no key Encoding: the file is UTF-8";
	if (walk->section == NULL)
		return "this key stands before the first section: [server] "
		       "may be missing above it";
	return NULL;
}

static void
take_key(struct walk *walk, const char *line)
{
	const char *fault = judge_key(walk, line);
	struct place place = { .kind = PLACE_KEY, .line = walk->line };

	if (walk->lost) /* whose key this is cannot be known */
		return;
	if (fault != NULL) {
		add_fault(walk, fault);
		return;
	}
	place.section = g_strdup(walk->section);
	place.key = g_strchomp(g_strndup(line, strcspn(line, "=")));
	g_array_append_val(walk->locator->places, place);
	g_string_append(walk->clean, line);
}

static void
take_line(struct walk *walk, char *line)
{
	walk->line++;
	g_strstrip(line);
	if (*line == '[')
		take_section(walk, line);
	else if (*line != '\0' && *line != '#')
		take_key(walk, line);
	g_string_append_c(walk->clean, '\n');
}

struct locator *
locator_new(const char *text)
{
	struct locator *locator = g_new0(struct locator, 1);
	struct walk walk = { .locator = locator };
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	/* as large as it gets: a growing one would leave copies behind, and
	 * there may be secrets in it */
	walk.clean = g_string_sized_new(strlen(text) + strlen("\n"));
	locator->places = g_array_new(FALSE, FALSE, sizeof(struct place));
	g_array_set_clear_func(locator->places, clear_place);
	for (char **line = lines; *line != NULL; line++) {
		size_t length = strlen(*line);

		take_line(&walk, *line);
		explicit_bzero(*line, length);
	}
	locator->clean = g_string_free(walk.clean, FALSE);
	return locator;
}

void
locator_free(struct locator *locator)
{
	if (locator == NULL)
		return;
	g_array_unref(locator->places);
	explicit_bzero(locator->clean, strlen(locator->clean));
	g_free(locator->clean);
	g_free(locator);
}
