/* SPDX-License-Identifier: MIT */
#include "multipart.h"

#include "core/form_data.h"
#include <string.h>

struct multipart {
	struct form_data *form;
	const char *directory;
	GPtrArray *parts;
	GPtrArray *notes;
	bool told; /* that it is broken */
};

#define MALFORMED "malformed multipart/form-data request"
#define CUT_OFF   "unable to parse request: unexpected EOF"

static void
destroy_part(gpointer part)
{
	piece_free(part);
}

static void G_GNUC_PRINTF(2, 3)
    note(struct multipart *multipart, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_ptr_array_add(multipart->notes, g_strdup_vprintf(format, arguments));
	va_end(arguments);
}

static void
note_filename(struct multipart *multipart, const struct piece *part)
{
	const char *filename = part->filename;

	if (filename[0] == '\0')
		note(multipart, "part %s has an empty filename", part->name);
	if (strpbrk(filename, "/\\\"") != NULL)
		note(multipart,
		    "filename of part %s holds a slash, a backslash or a quote: "
		    "how the provider reads it is not known",
		    part->name);
	if (!g_utf8_validate(filename, -1, NULL))
		note(multipart, "filename of part %s is not UTF-8", part->name);
}

/* What the provider would silently lose. */
static void
note_head(struct multipart *multipart, const struct form_data_part *head)
{
	if (head->extended != NULL)
		note(multipart,
		    "part %s uses filename*=, which the provider does not read",
		    head->name);
	if (head->content_id != NULL)
		note(multipart,
		    "a part has the field Content-ID, which no one reads");
	if (head->encoding != NULL)
		note(multipart,
		    "a part has the field "
		    "Content-Transfer-Encoding, which no one reads");
	for (unsigned i = 0; i < head->strangers->len; i++)
		note(multipart, "a part has the field %s, which no one reads",
		    (const char *)head->strangers->pdata[i]);
}

static bool
on_begin(void *object, const struct form_data_part *head)
{
	struct multipart *multipart = object;
	struct piece *part = piece_new(head->name, multipart->directory);

	part->filename = g_strdup(head->filename);
	part->file = part->filename != NULL;
	part->type = g_strdup(head->type);
	note_head(multipart, head);
	if (part->file)
		note_filename(multipart, part);
	if (strcmp(part->name, "message") == 0)
		blob_watch(part->body);
	g_ptr_array_add(multipart->parts, part);
	return true;
}

static bool
on_body(void *object, const char *bytes, size_t length)
{
	struct multipart *multipart = object;
	struct piece *part = multipart->parts->pdata[multipart->parts->len - 1];

	blob_append(part->body, bytes, length);
	return true;
}

static bool
on_end(void *object)
{
	(void)object;
	return true;
}

static const struct form_data_hooks hooks = { on_begin, on_body, on_end };

char *
multipart_boundary(const char *content_type)
{
	return form_data_boundary(content_type);
}

struct multipart *
multipart_new(const char *boundary, const char *directory)
{
	struct multipart *multipart = g_new0(struct multipart, 1);

	multipart->directory = directory;
	multipart->form = form_data_new(boundary, &hooks, multipart);
	multipart->parts = g_ptr_array_new_with_free_func(destroy_part);
	multipart->notes = g_ptr_array_new_with_free_func(g_free);
	return multipart;
}

void
multipart_free(struct multipart *multipart)
{
	if (multipart == NULL)
		return;
	form_data_free(multipart->form);
	g_ptr_array_unref(multipart->parts);
	g_ptr_array_unref(multipart->notes);
	g_free(multipart);
}

void
multipart_feed(struct multipart *multipart, const char *bytes, size_t length)
{
	form_data_feed(multipart->form, bytes, length);
	if (multipart->told || form_data_is_cut(multipart->form) ||
	    form_data_fault(multipart->form) == NULL)
		return;
	note(multipart, "the form is broken: %s",
	    form_data_fault(multipart->form));
	multipart->told = true;
}

const char *
multipart_error(const struct multipart *multipart)
{
	if (form_data_is_cut(multipart->form))
		return CUT_OFF;
	return form_data_fault(multipart->form) != NULL ? MALFORMED : NULL;
}

GPtrArray *
multipart_parts(const struct multipart *multipart)
{
	return multipart->parts;
}

GPtrArray *
multipart_notes(const struct multipart *multipart)
{
	return multipart->notes;
}
