/* SPDX-License-Identifier: MIT */
/*
 * What came and was not consumed waits in `pending`.  A body is given on up to
 * the last bytes that could be the beginning of the delimiter.
 */
#include "multipart.h"
#include <string.h>

#define HEAD_BYTES 16384
#define PARTS      10000

enum multipart_state {
	MULTIPART_PREAMBLE, /* before the first delimiter */
	MULTIPART_AFTER,    /* behind a delimiter: CRLF or -- */
	MULTIPART_HEAD,     /* in the fields of a part */
	MULTIPART_BODY,     /* in its body */
	MULTIPART_END,      /* behind the last delimiter */
	MULTIPART_BROKEN,   /* what follows is not looked at */
};

struct multipart {
	enum multipart_state state;
	const char *directory;
	char *delimiter; /* CRLF -- boundary */
	GString *pending;
	struct piece *head; /* whose fields are being read; else NULL */
	struct piece *part; /* whose body is being read, the last of parts */
	const char *error;
	GPtrArray *parts;
	GPtrArray *notes;
};

#define MALFORMED "malformed multipart/form-data request"
#define CUT_OFF   "unable to parse request: unexpected EOF"

static void
destroy_part(gpointer part)
{
	piece_free(part);
}

struct multipart *
multipart_new(const char *boundary, const char *directory)
{
	struct multipart *multipart = g_new0(struct multipart, 1);

	multipart->directory = directory;
	multipart->delimiter = g_strconcat("\r\n--", boundary, NULL);
	/* the first delimiter may stand at the very beginning */
	multipart->pending = g_string_new("\r\n");
	multipart->parts = g_ptr_array_new_with_free_func(destroy_part);
	multipart->notes = g_ptr_array_new_with_free_func(g_free);
	return multipart;
}

void
multipart_free(struct multipart *multipart)
{
	if (multipart == NULL)
		return;
	piece_free(multipart->head);
	g_free(multipart->delimiter);
	g_string_free(multipart->pending, TRUE);
	g_ptr_array_unref(multipart->parts);
	g_ptr_array_unref(multipart->notes);
	g_free(multipart);
}

static void G_GNUC_PRINTF(2, 3)
    note(struct multipart *multipart, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_ptr_array_add(multipart->notes, g_strdup_vprintf(format, arguments));
	va_end(arguments);
}

static bool
breaks(struct multipart *multipart, const char *what)
{
	note(multipart, "the form is broken: %s", what);
	multipart->error = MALFORMED;
	multipart->state = MULTIPART_BROKEN;
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
multipart_boundary(const char *content_type)
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

static bool
read_disposition(struct multipart *multipart, const char *value)
{
	struct piece *part = multipart->head;

	if (g_ascii_strncasecmp(value, "form-data", 9) != 0)
		return breaks(multipart, "a part is not form-data");
	g_free(part->name);
	g_free(part->filename);
	part->name = read_parameter(value, "name");
	if (part->name == NULL || part->name[0] == '\0')
		return breaks(multipart, "a part has no name");
	part->filename = read_parameter(value, "filename");
	part->file = part->filename != NULL;
	g_autofree char *extended = read_parameter(value, "filename*");
	if (extended != NULL)
		note(multipart,
		    "part %s uses filename*=, which the provider does not read",
		    part->name);
	if (part->filename != NULL)
		note_filename(multipart, part);
	return true;
}

static bool
read_field(struct multipart *multipart, const char *line)
{
	const char *colon = strchr(line, ':');

	if (colon == NULL || !is_token(line, (size_t)(colon - line)))
		return breaks(multipart, "a line of a part is no field");
	g_autofree char *name = g_strndup(line, (size_t)(colon - line));
	const char *value = colon + 1 + strspn(colon + 1, " \t");
	if (g_ascii_strcasecmp(name, "Content-Disposition") == 0)
		return read_disposition(multipart, value);
	if (g_ascii_strcasecmp(name, "Content-Type") == 0) {
		g_free(multipart->head->type);
		multipart->head->type = g_strdup(value);
	} else if (g_ascii_strcasecmp(name, "Content-Length") != 0) {
		note(multipart, "a part has the field %s, which no one reads",
		    name);
	}
	return true;
}

static bool
read_fields(struct multipart *multipart, const char *head)
{
	g_auto(GStrv) lines = g_strsplit(head, "\r\n", -1);

	for (char **line = lines; *line != NULL; line++) {
		if (strpbrk(*line, "\r\n") != NULL)
			return breaks(multipart, "a bare CR or LF in a field");
		if (**line != '\0' && !read_field(multipart, *line))
			return false;
	}
	if (multipart->head->name == NULL)
		return breaks(multipart, "a part has no Content-Disposition");
	if (strcmp(multipart->head->name, "message") == 0)
		blob_watch(multipart->head->body);
	return true;
}

static bool
skip_preamble(struct multipart *multipart)
{
	GString *pending = multipart->pending;
	size_t length = strlen(multipart->delimiter);
	char *found =
	    memmem(pending->str, pending->len, multipart->delimiter, length);

	if (found == NULL) {
		if (pending->len > length)
			g_string_erase(
			    pending, 0, (gssize)(pending->len - length));
		return false;
	}
	g_string_erase(pending, 0, found - pending->str + (gssize)length);
	multipart->state = MULTIPART_AFTER;
	return true;
}

static bool
skip_delimiter(struct multipart *multipart)
{
	GString *pending = multipart->pending;

	if (pending->len < 2)
		return false;
	if (memcmp(pending->str, "--", 2) == 0) {
		multipart->state = MULTIPART_END;
		return false;
	}
	if (memcmp(pending->str, "\r\n", 2) != 0)
		return breaks(multipart, "rubbish behind a boundary");
	if (multipart->parts->len == PARTS)
		return breaks(multipart, "too many parts");
	multipart->head = piece_new(NULL, multipart->directory);
	multipart->state = MULTIPART_HEAD;
	return true;
}

static bool
read_head(struct multipart *multipart)
{
	GString *pending = multipart->pending;
	char *end = memmem(pending->str, pending->len, "\r\n\r\n", 4);

	if (end == NULL && pending->len > HEAD_BYTES)
		return breaks(multipart, "the fields of a part do not end");
	if (end == NULL)
		return false;
	g_autofree char *head =
	    g_strndup(pending->str, (size_t)(end - pending->str));
	if (strlen(head) != (size_t)(end - pending->str))
		return breaks(multipart, "a NUL in a field");
	g_string_erase(pending, 0, end + 4 - pending->str);
	if (!read_fields(multipart, head))
		return false;
	multipart->part = g_steal_pointer(&multipart->head);
	g_ptr_array_add(multipart->parts, multipart->part);
	multipart->state = MULTIPART_BODY;
	return true;
}

static bool
read_body(struct multipart *multipart)
{
	GString *pending = multipart->pending;
	size_t length = strlen(multipart->delimiter);
	char *found =
	    memmem(pending->str, pending->len, multipart->delimiter, length);
	size_t sure = 0;

	if (found != NULL)
		sure = (size_t)(found - pending->str);
	else if (pending->len >= length)
		sure = pending->len - length + 1;
	if (sure > 0)
		blob_append(multipart->part->body, pending->str, sure);
	g_string_erase(
	    pending, 0, (gssize)(found != NULL ? sure + length : sure));
	if (found == NULL)
		return false;
	multipart->part = NULL;
	multipart->state = MULTIPART_AFTER;
	return true;
}

/* One step; false when it needs more bytes. */
static bool
step(struct multipart *multipart)
{
	switch (multipart->state) {
	case MULTIPART_PREAMBLE:
		return skip_preamble(multipart);
	case MULTIPART_AFTER:
		return skip_delimiter(multipart);
	case MULTIPART_HEAD:
		return read_head(multipart);
	case MULTIPART_BODY:
		return read_body(multipart);
	case MULTIPART_END:
	case MULTIPART_BROKEN:
		return false;
	}
	return false;
}

void
multipart_feed(struct multipart *multipart, const char *bytes, size_t length)
{
	if (multipart->state >= MULTIPART_END)
		return;
	g_string_append_len(multipart->pending, bytes, (gssize)length);
	while (step(multipart))
		continue;
}

const char *
multipart_error(const struct multipart *multipart)
{
	if (multipart->error != NULL)
		return multipart->error;
	return multipart->state == MULTIPART_END ? NULL : CUT_OFF;
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
