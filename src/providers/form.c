/* SPDX-License-Identifier: MIT */
#include "form.h"

#include <string.h>

#define BOUNDARY "postferry-"

/* A field's name may be any printable character: those that end a quoted
 * string are escaped, others that are not ASCII do not come here. */
static void
open_part(struct form *form, const char *name)
{
	size_t run;

	segments_add_text(form->segments, "--" BOUNDARY);
	segments_add_text(form->segments, form->id);
	segments_add_text(
	    form->segments, "\r\nContent-Disposition: form-data; name=\"");
	for (; *name != '\0'; name += run) {
		if (*name == '"' || *name == '\\')
			segments_add(form->segments, "\\", 1);
		run = 1 + strcspn(name + 1, "\"\\");
		segments_add(form->segments, name, run);
	}
	segments_add(form->segments, "\"", 1);
}

void
form_add(struct form *form, const char *name, const char *value)
{
	open_part(form, name);
	segments_add_text(form->segments, "\r\n\r\n");
	segments_add_text(form->segments, value);
	segments_add_text(form->segments, "\r\n");
}

void
form_add_bytes(struct form *form, const char *name, GBytes *value)
{
	open_part(form, name);
	segments_add_text(form->segments, "\r\n\r\n");
	segments_add_bytes(form->segments, value);
	segments_add_text(form->segments, "\r\n");
}

/* One line, whatever the mail had there. */
static void
add_line(struct form *form, const char *text)
{
	for (; *text != '\0'; text++)
		segments_add(
		    form->segments, g_ascii_iscntrl(*text) ? " " : text, 1);
}

/* The name is raw UTF-8 (RFC 7578 4.2): with filename* of RFC 2231 Mailgun
 * loses the file. */
void
form_open_file(struct form *form, const struct form_file *file)
{
	open_part(form, file->field);
	segments_add_text(form->segments, "; filename=\"");
	add_line(form, file->name);
	segments_add_text(form->segments, "\"\r\nContent-Type: ");
	add_line(form, file->type);
	add_line(form, file->parameters);
	segments_add_text(form->segments, "\r\n\r\n");
}

void
form_close_file(struct form *form)
{
	segments_add_text(form->segments, "\r\n");
}

void
form_end(struct form *form)
{
	segments_printf(form->segments, "--" BOUNDARY "%s--\r\n", form->id);
}

char *
form_content_type(const struct form *form)
{
	return g_strdup_printf(
	    "multipart/form-data; boundary=" BOUNDARY "%s", form->id);
}
