/* SPDX-License-Identifier: MIT */
/*
 * What came and was not consumed waits in `pending`.  A body is given on up to
 * the last bytes that could be the beginning of the delimiter.
 */
#include "core/form_data.h"

#include <string.h>

#define HEAD_BYTES 16384
#define PARTS      10000

enum form_data_state {
	FORM_DATA_PREAMBLE, /* before the first delimiter */
	FORM_DATA_AFTER,    /* behind a delimiter: CRLF or -- */
	FORM_DATA_HEAD,     /* in the fields of a part */
	FORM_DATA_BODY,     /* in its body */
	FORM_DATA_END,      /* behind the last delimiter */
	FORM_DATA_BROKEN,   /* what follows is not looked at */
};

struct form_data {
	enum form_data_state state;
	const struct form_data_hooks *hooks;
	void *object;
	char *delimiter; /* CRLF -- boundary */
	GString *pending;
	struct form_data_part part; /* whose head is being read */
	unsigned parts;
	const char *fault;
};

struct form_data *
form_data_new(
    const char *boundary, const struct form_data_hooks *hooks, void *object)
{
	struct form_data *form = g_new0(struct form_data, 1);

	form->hooks = hooks;
	form->object = object;
	form->delimiter = g_strconcat("\r\n--", boundary, NULL);
	/* the first delimiter may stand at the very beginning */
	form->pending = g_string_new("\r\n");
	form->part.strangers = g_ptr_array_new_with_free_func(g_free);
	return form;
}

static void
clear_part(struct form_data_part *part)
{
	g_clear_pointer(&part->name, g_free);
	g_clear_pointer(&part->filename, g_free);
	g_clear_pointer(&part->extended, g_free);
	g_clear_pointer(&part->type, g_free);
	g_clear_pointer(&part->content_id, g_free);
	g_clear_pointer(&part->encoding, g_free);
	g_ptr_array_set_size(part->strangers, 0);
}

void
form_data_free(struct form_data *form)
{
	if (form == NULL)
		return;
	clear_part(&form->part);
	g_ptr_array_unref(form->part.strangers);
	g_free(form->delimiter);
	g_string_free(form->pending, TRUE);
	g_free(form);
}

static bool
breaks(struct form_data *form, const char *fault)
{
	form->fault = fault;
	form->state = FORM_DATA_BROKEN;
	return false;
}

/* Reads a quoted string behind its opening quote. */
static const char *
read_quoted(const char *at, GString *out)
{
	while (*at != '\0' && *at != '"') {
		if (*at == '\\' && (at[1] == '"' || at[1] == '\\'))
			at++;
		g_string_append_c(out, *at++);
	}
	return *at == '"' ? at + 1 : at;
}

static const char *
read_value(const char *at, GString *out)
{
	g_string_truncate(out, 0);
	if (*at == '"')
		return read_quoted(at + 1, out);
	while (*at != '\0' && *at != ';' && *at != ' ')
		g_string_append_c(out, *at++);
	return at;
}

/* The parameter of "value; name=...; other=..." with that name. */
static char *
read_parameter(const char *field, const char *name)
{
	g_autoptr(GString) value = g_string_new(NULL);
	const char *at = strchr(field, ';');

	while (at != NULL && *at == ';') {
		at += 1 + strspn(at + 1, " \t");
		size_t length = strcspn(at, "=;");
		bool wanted = strlen(name) == length &&
			      g_ascii_strncasecmp(at, name, length) == 0;
		if (at[length] != '=')
			return NULL;
		at = read_value(at + length + 1, value);
		if (wanted)
			return g_strdup(value->str);
		at += strspn(at, " \t");
	}
	return NULL;
}

char *
form_data_boundary(const char *content_type)
{
	return read_parameter(content_type, "boundary");
}

static bool
is_token(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (!g_ascii_isgraph(text[i]) ||
		    strchr("()<>@,;:\\\"/[]?=", text[i]) != NULL)
			return false;
	}
	return length > 0;
}

static bool
read_disposition(struct form_data *form, const char *value)
{
	struct form_data_part *part = &form->part;

	if (g_ascii_strncasecmp(value, "form-data", 9) != 0)
		return breaks(form, "a part is not form-data");
	g_free(part->name);
	g_free(part->filename);
	g_free(part->extended);
	part->name = read_parameter(value, "name");
	if (part->name == NULL || part->name[0] == '\0')
		return breaks(form, "a part has no name");
	part->filename = read_parameter(value, "filename");
	part->extended = read_parameter(value, "filename*");
	return true;
}

/* Where the value of that field is kept; NULL: nowhere. */
static char **
find_place(struct form_data_part *part, const char *name)
{
	if (g_ascii_strcasecmp(name, "Content-Type") == 0)
		return &part->type;
	if (g_ascii_strcasecmp(name, "Content-ID") == 0)
		return &part->content_id;
	if (g_ascii_strcasecmp(name, "Content-Transfer-Encoding") == 0)
		return &part->encoding;
	return NULL;
}

static bool
read_field(struct form_data *form, const char *line)
{
	const char *colon = strchr(line, ':');

	if (colon == NULL || !is_token(line, (size_t)(colon - line)))
		return breaks(form, "a line of a part is no field");
	g_autofree char *name = g_strndup(line, (size_t)(colon - line));
	const char *value = colon + 1 + strspn(colon + 1, " \t");
	if (g_ascii_strcasecmp(name, "Content-Disposition") == 0)
		return read_disposition(form, value);
	char **place = find_place(&form->part, name);
	if (place != NULL) {
		g_free(*place);
		*place = g_strchomp(g_strdup(value));
	} else if (g_ascii_strcasecmp(name, "Content-Length") != 0) {
		g_ptr_array_add(form->part.strangers, g_steal_pointer(&name));
	}
	return true;
}

static bool
read_fields(struct form_data *form, const char *head)
{
	g_auto(GStrv) lines = g_strsplit(head, "\r\n", -1);

	clear_part(&form->part);
	for (char **line = lines; *line != NULL; line++) {
		if (strpbrk(*line, "\r\n") != NULL)
			return breaks(form, "a bare CR or LF in a field");
		if (**line != '\0' && !read_field(form, *line))
			return false;
	}
	if (form->part.name == NULL)
		return breaks(form, "a part has no Content-Disposition");
	return true;
}

/* Whoever reads it says when it is enough. */
static bool
goes_on(struct form_data *form, bool wanted)
{
	return wanted || breaks(form, "nobody reads on");
}

static bool
skip_preamble(struct form_data *form)
{
	GString *pending = form->pending;
	size_t length = strlen(form->delimiter);
	char *found =
	    memmem(pending->str, pending->len, form->delimiter, length);

	if (found == NULL) {
		if (pending->len > length)
			g_string_erase(
			    pending, 0, (gssize)(pending->len - length));
		return false;
	}
	g_string_erase(pending, 0, found - pending->str + (gssize)length);
	form->state = FORM_DATA_AFTER;
	return true;
}

static bool
skip_delimiter(struct form_data *form)
{
	GString *pending = form->pending;

	if (pending->len < 2)
		return false;
	if (memcmp(pending->str, "--", 2) == 0) {
		form->state = FORM_DATA_END;
		return false;
	}
	if (memcmp(pending->str, "\r\n", 2) != 0)
		return breaks(form, "rubbish behind a boundary");
	if (form->parts++ == PARTS)
		return breaks(form, "too many parts");
	form->state = FORM_DATA_HEAD;
	return true;
}

static bool
read_head(struct form_data *form)
{
	GString *pending = form->pending;
	char *end = memmem(pending->str, pending->len, "\r\n\r\n", 4);

	if (end == NULL && pending->len > HEAD_BYTES)
		return breaks(form, "the fields of a part do not end");
	if (end == NULL)
		return false;
	g_autofree char *head =
	    g_strndup(pending->str, (size_t)(end - pending->str));
	if (strlen(head) != (size_t)(end - pending->str))
		return breaks(form, "a NUL in a field");
	g_string_erase(pending, 0, end + 4 - pending->str);
	if (!read_fields(form, head))
		return false;
	form->state = FORM_DATA_BODY;
	return goes_on(form, form->hooks->begin(form->object, &form->part));
}

static bool
read_body(struct form_data *form)
{
	GString *pending = form->pending;
	size_t length = strlen(form->delimiter);
	char *found =
	    memmem(pending->str, pending->len, form->delimiter, length);
	size_t sure = 0;

	if (found != NULL)
		sure = (size_t)(found - pending->str);
	else if (pending->len >= length)
		sure = pending->len - length + 1;
	if (sure > 0 &&
	    !goes_on(form, form->hooks->body(form->object, pending->str, sure)))
		return false;
	g_string_erase(
	    pending, 0, (gssize)(found != NULL ? sure + length : sure));
	if (found == NULL)
		return false;
	form->state = FORM_DATA_AFTER;
	return goes_on(form, form->hooks->end(form->object));
}

/* One step; false when it needs more bytes. */
static bool
step(struct form_data *form)
{
	switch (form->state) {
	case FORM_DATA_PREAMBLE:
		return skip_preamble(form);
	case FORM_DATA_AFTER:
		return skip_delimiter(form);
	case FORM_DATA_HEAD:
		return read_head(form);
	case FORM_DATA_BODY:
		return read_body(form);
	case FORM_DATA_END:
	case FORM_DATA_BROKEN:
		return false;
	}
	return false;
}

void
form_data_feed(struct form_data *form, const char *bytes, size_t length)
{
	if (form->state >= FORM_DATA_END)
		return;
	g_string_append_len(form->pending, bytes, (gssize)length);
	while (step(form))
		continue;
}

const char *
form_data_fault(const struct form_data *form)
{
	if (form->fault != NULL)
		return form->fault;
	return form_data_is_cut(form) ? "it ends before its last boundary"
				      : NULL;
}

bool
form_data_is_cut(const struct form_data *form)
{
	return form->fault == NULL && form->state != FORM_DATA_END;
}
