/* SPDX-License-Identifier: MIT */
#include "keyfile.h"

#include "core/file.h"
#include "locator.h"
#include <string.h>
#include <sys/stat.h>

#define FILE_BYTES_MAX (4 * 1024 * 1024)

struct reading {
	struct draft *draft;
	const char *path;
	GKeyFile *keyfile;
	struct draft_section *section; /* we are in; NULL: one at fault */
};

static char *
make_origin(const struct reading *reading, const struct place *place)
{
	return g_strdup_printf("%s:%u", reading->path, place->line);
}

static void
take_section(struct reading *reading, const struct place *place)
{
	struct draft *draft = reading->draft;
	g_autofree char *origin = make_origin(reading, place);
	struct draft_section *section = draft_find(draft, place->section);

	if (section == NULL || section->origin == NULL) {
		reading->section =
		    draft_add(draft, place->section, origin, DRAFT_FILE);
		return;
	}
	reading->section = section;
	draft_fault(draft, origin,
	    "[%s]: this section stands here a second time, the first is %s: "
	    "make one of them",
	    place->section, section->origin);
}

static void
take_key(struct reading *reading, const struct place *place)
{
	g_autofree char *origin = make_origin(reading, place);
	g_autofree char *value = g_key_file_get_value(
	    reading->keyfile, place->section, place->key, NULL);
	struct draft_given given = {
		.key = place->key,
		.text = value,
		.origin = origin,
		.source = DRAFT_FILE,
	};

	if (reading->section != NULL && value != NULL)
		draft_set(reading->draft, reading->section, &given);
	/* GKeyFile keeps its own, which nobody can wipe */
	if (value != NULL)
		explicit_bzero(value, strlen(value));
}

static void
take_place(struct reading *reading, const struct place *place)
{
	if (place->kind == PLACE_SECTION) {
		take_section(reading, place);
	} else if (place->kind == PLACE_KEY) {
		take_key(reading, place);
	} else {
		g_autofree char *origin = make_origin(reading, place);
		reading->draft->shapeless = true;
		draft_fault(reading->draft, origin, "%s", place->fault);
	}
}

static bool
read_text(struct reading *reading, const char *text)
{
	struct locator *locator = locator_new(text);
	g_autoptr(GError) error = NULL;
	bool done = g_key_file_load_from_data(reading->keyfile, locator->clean,
	    strlen(locator->clean), G_KEY_FILE_NONE, &error);

	/* not its message: that shows the line, which may be a secret */
	if (!done)
		draft_fault(reading->draft, reading->path,
		    "GKeyFile refuses this file (%s, code %d)",
		    g_quark_to_string(error->domain), error->code);
	for (unsigned i = 0; done && i < locator->places->len; i++)
		take_place(
		    reading, &g_array_index(locator->places, struct place, i));
	locator_free(locator);
	return done;
}

/* True when a secret is written out in the file, and not the name of a variable
 * that holds it. */
static bool
holds_secret(const struct draft *draft)
{
	for (unsigned i = 0; i < draft->sections->len; i++) {
		const struct draft_section *section = draft->sections->pdata[i];

		for (unsigned e = 0; e < section->entries->len; e++) {
			const struct draft_entry *entry =
			    section->entries->pdata[e];

			if (entry->row->type == SETTING_SECRET &&
			    !entry->is_path && !strstr(entry->raw, "${"))
				return true;
		}
	}
	return false;
}

static bool
check_text(struct draft *draft, const char *path, const struct file *file)
{
	const char *end;

	if (g_utf8_validate(file->text->str, (gssize)file->text->len, &end))
		return true;
	unsigned line = 1;
	for (const char *c = file->text->str; c < end; c++)
		line += *c == '\n';
	g_autofree char *origin = g_strdup_printf("%s:%u", path, line);
	draft_fault(draft, origin,
	    "the byte 0x%02x is not UTF-8 text: save the file as UTF-8",
	    (unsigned char)*end);
	return false;
}

/* Takes the text of the file over.  False and an error when it may not be read.
 */
static bool
take_file(struct draft *draft, const char *path, GString **text, bool *public)
{
	g_autoptr(GError) error = NULL;
	struct file *file = file_read(path, FILE_BYTES_MAX, &error);
	bool done;

	if (file == NULL) {
		draft_fault(draft, "settings", "%s", error->message);
		return false;
	}
	done = check_text(draft, path, file);
	*public = file_is_public(file);
	if (done)
		*text =
		    g_string_new_len(file->text->str, (gssize)file->text->len);
	file_free(file);
	return done;
}

bool
keyfile_read(struct draft *draft, const char *path, GString **text)
{
	static const char mark[] = "\xef\xbb\xbf"; /* some editors begin so */
	struct reading reading = { .draft = draft, .path = path };
	bool public = false;
	struct stat status;
	const char *start;
	bool done;

	if (*text == NULL && !take_file(draft, path, text, &public))
		return false;
	start = (*text)->str;
	reading.keyfile = g_key_file_new();
	if (g_str_has_prefix(start, mark))
		start += strlen(mark);
	done = read_text(&reading, start);
	g_key_file_unref(reading.keyfile);
	if (done && public && stat(path, &status) == 0 && holds_secret(draft))
		draft_fault(draft, path,
		    "it holds a secret, and its mode %04o lets everyone read "
		    "it: chmod 640 %s",
		    (unsigned)status.st_mode & 07777, path);
	return done;
}
