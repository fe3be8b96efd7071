/* SPDX-License-Identifier: MIT */
#include "single.h"

#include "lines.h"
#include "marks.h"
#include "part_head.h"

#include <string.h>

/* What every letter of a name or value must be for it to mean the same to
 * every reader: in quotes or not, encoded words, comments and RFC 2231 out. */
static bool
is_plain(char c)
{
	return g_ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
}

static size_t
measure_plain(const char *text)
{
	size_t length = 0;

	while (is_plain(text[length]))
		length++;
	return length;
}

static size_t
measure_blanks(const char *text)
{
	return strspn(text, " \t");
}

/* The length of a line's text when it is printable ASCII up to CRLF. */
static bool
measure_line(const char *line, const char *end, size_t *length)
{
	const char *newline = memchr(line, '\n', (size_t)(end - line));
	bool odd = false;

	if (newline == NULL || newline == line || newline[-1] != '\r')
		return false;
	*length = (size_t)(newline - line) - 1;
	for (size_t i = 0; i < *length; i++)
		odd |= (line[i] < ' ' && line[i] != '\t') || line[i] > '~';
	return !odd;
}

/* It is a field, or goes on with the one before it and says something. */
static bool
is_clear_line(const char *line, size_t length, bool first)
{
	size_t name = measure_plain(line);
	size_t blanks = measure_blanks(line);

	return blanks > 0 ? !first && blanks < length
			  : name > 0 && line[name] == ':';
}

/* Every reader sees the same fields, and the body begin at the same line. */
static bool
is_clear(const struct header *header)
{
	gsize size;
	const char *block = g_bytes_get_data(header->block, &size);
	const char *end = block + size;
	size_t length;

	for (const char *line = block; line < end; line += length + 2) {
		if (!measure_line(line, end, &length))
			return false;
		if (length == 0)
			return line > block && line + 2 == end;
		if (!is_clear_line(line, length, line == block))
			return false;
	}
	return false;
}

/* Takes the one "; name=value" from *at, its semicolon, on. */
static bool
take_parameter(const char **at, char **name, char **value)
{
	const char *text = *at + 1 + measure_blanks(*at + 1);
	size_t length = measure_plain(text);
	const char *start = text + length + 1;
	bool quoted;

	if (length == 0 || text[length] != '=')
		return false;
	quoted = *start == '"';
	start += quoted;
	if (measure_plain(start) == 0)
		return false;
	*name = g_strndup(text, length);
	*value = g_strndup(start, measure_plain(start));
	*at = start + measure_plain(start);
	if (quoted && **at != '"')
		return false;
	*at += quoted;
	*at += measure_blanks(*at);
	return **at == '\0' || **at == ';';
}

/* The charset once, and nothing of what means more than itself. */
static bool
read_parameter(struct node *node, const char **at)
{
	g_autofree char *name = NULL, *value = NULL;
	g_autoptr(GString) text = g_string_new(node->parameters);
	bool fine = take_parameter(at, &name, &value);

	if (!fine || node->charset != NULL ||
	    g_ascii_strcasecmp(name, "charset") != 0)
		return false;
	node_print_parameter(text, name, value);
	g_free(node->parameters);
	node->parameters = g_strdup(text->str);
	node->charset = g_steal_pointer(&value);
	return true;
}

static bool
read_type(struct node *node, const char *body)
{
	static const char *const types[] = { "text/plain", "text/html" };

	for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
		size_t length = strlen(types[i]);
		const char *at = body + length;

		if (g_ascii_strncasecmp(body, types[i], length) != 0)
			continue;
		at += measure_blanks(at);
		if (*at != '\0' && (*at != ';' || !read_parameter(node, &at)))
			return false;
		g_free(node->type);
		node->type = g_strdup(types[i]);
		return *at == '\0';
	}
	return false;
}

static bool
read_encoding(struct node *node, const char *body)
{
	return part_head_encoding(body, &node->encoding);
}

/* Content-Type and Content-Transfer-Encoding, each once at most, and no other
 * field that says something of the content. */
static bool
read_fields(struct node *node, const struct header *header)
{
	bool typed = false, encoded = false;

	for (unsigned i = 0; i < header->fields->len; i++) {
		const struct header_field *field =
		    &g_array_index(header->fields, struct header_field, i);
		bool *seen = &typed;

		if (g_ascii_strncasecmp(field->name, "Content-", 8) != 0)
			continue;
		if (g_ascii_strcasecmp(field->name + 8, "Type") != 0)
			seen = &encoded;
		if (seen == &encoded && g_ascii_strcasecmp(field->name + 8,
					    "Transfer-Encoding") != 0)
			return false;
		if (*seen || !(seen == &typed ? read_type : read_encoding)(
				 node, field->body))
			return false;
		*seen = true;
	}
	return true;
}

/* Signed or encrypted in the text itself: GMime knows how that looks. */
static bool
holds_pgp(const struct spool *spool, uint64_t offset, uint64_t end)
{
	static const char mark[] = "-----BEGIN PGP ";
	struct lines lines;
	struct line line;

	lines_start(&lines, spool, offset, end);
	while (lines_next(&lines, &line))
		if (marks_seek((const char *)line.bytes, line.length, mark) !=
		    NULL)
			return true;
	return false;
}

struct node *
single_read(const struct message *message)
{
	const struct header *header = message->header;
	const struct spool *spool = message->submission->spool;
	uint64_t size = spool_size(spool);
	struct node *node;

	if (message->submission->seen.header_broken || header->end >= size ||
	    !is_clear(header))
		return NULL;
	node = node_new(NODE_LEAF);
	node->type = g_strdup("text/plain");
	node->parameters = g_strdup("");
	node->offset = header->end;
	node->length = size - header->end;
	if (!read_fields(node, header) ||
	    holds_pgp(spool, node->offset, size)) {
		node_free(node);
		return NULL;
	}
	return node;
}
