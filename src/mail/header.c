/* SPDX-License-Identifier: MIT */
#include "mail/header.h"

#include <errno.h>
#include <string.h>

/* A line of the block: its start, and its length with and without CRLF. */
struct line {
	const char *start;
	size_t length;
	size_t content;
};

static void *
read_block(const struct spool *spool, uint64_t start, size_t length)
{
	g_autofree char *block = g_malloc(length + 1);

	for (size_t have = 0; have < length;) {
		ssize_t more = spool_read(
		    spool, start + have, block + have, length - have);

		if (more == 0)
			errno = EIO;
		if (more <= 0)
			return NULL;
		have += (size_t)more;
	}
	block[length] = '\0';
	return g_steal_pointer(&block);
}

static struct line
next_line(const char *start, const char *end)
{
	struct line line = { .start = start };
	const char *newline = memchr(start, '\n', (size_t)(end - start));

	line.length = (size_t)((newline == NULL ? end : newline + 1) - start);
	line.content = line.length;
	if (newline != NULL)
		line.content--;
	if (line.content > 0 && start[line.content - 1] == '\r')
		line.content--;
	return line;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The length of the field name that the line begins with, without blanks
 * before the colon (obsolete, but RFC 5322 4.5 says to read it); 0: none.  As
 * the limiter sees it: odd bytes in the name do not end the header. */
static size_t
measure_name(const struct line *line)
{
	size_t length = 0, colon;

	while (length < line->content && !is_blank(line->start[length]) &&
	       line->start[length] != ':')
		length++;
	colon = length;
	while (colon < line->content && is_blank(line->start[colon]))
		colon++;
	return colon < line->content && line->start[colon] == ':' ? length : 0;
}

/* RFC 5322 3.6.8 */
static bool
is_wellformed(const char *name, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (name[i] <= ' ' || name[i] > '~')
			return false;
	return true;
}

static const char *
keep_text(struct header *header, const char *text, size_t length)
{
	return g_string_chunk_insert_len(header->texts, text, (gssize)length);
}

/* The body without its line ends and the blanks around it. */
static const char *
unfold(struct header *header, const char *start, const char *end)
{
	g_autoptr(GString) body = g_string_sized_new((size_t)(end - start));
	size_t blanks;

	while (start < end) {
		struct line line = next_line(start, end);

		g_string_append_len(body, line.start, (gssize)line.content);
		start += line.length;
	}
	while (body->len > 0 && is_blank(body->str[body->len - 1]))
		g_string_truncate(body, body->len - 1);
	blanks = strspn(body->str, " \t");
	return keep_text(header, body->str + blanks, body->len - blanks);
}

/* Adds the field whose first line is at start and whose last ends at end. */
static void
add_field(struct header *header, const char *start, const char *end)
{
	const char *block = g_bytes_get_data(header->block, NULL);
	struct line first = next_line(start, end);
	size_t measured = measure_name(&first);
	size_t name = is_wellformed(start, measured) ? measured : 0;
	const char *body = start;
	struct header_field field = {
		.name = keep_text(header, start, name),
		.offset = header->start + (uint64_t)(start - block),
		.length = (uint64_t)(end - start),
	};

	if (name > 0)
		body = (char *)memchr(start, ':', first.content) + 1;
	field.body = unfold(header, body, end);
	for (const char *at = start; at < end;) {
		struct line line = next_line(at, end);

		field.longest = MAX(field.longest, (uint32_t)line.content);
		at += line.length;
	}
	g_array_append_val(header->fields, field);
}

static void
split_fields(struct header *header, const char *block, size_t length)
{
	const char *end = block + length;
	const char *field = NULL;

	for (const char *at = block; at < end;) {
		struct line line = next_line(at, end);

		if (line.content == 0)
			break;
		if (field != NULL && measure_name(&line) > 0) {
			add_field(header, field, at);
			field = at;
		}
		if (field == NULL)
			field = at;
		at += line.length;
		if (at == end || next_line(at, end).content == 0)
			add_field(header, field, at);
	}
}

struct header *
header_read(const struct spool *spool, const struct limiter_seen *seen)
{
	size_t length = (size_t)(seen->header_end - seen->header_start);
	char *block = read_block(spool, seen->header_start, length);
	struct header *header;

	if (block == NULL)
		return NULL;
	header = g_new0(struct header, 1);
	header->fields = g_array_new(FALSE, FALSE, sizeof(struct header_field));
	header->texts = g_string_chunk_new(1024);
	header->start = seen->header_start;
	header->end = seen->header_end;
	header->block = g_bytes_new_take(block, length);
	split_fields(header, block, length);
	return header;
}

void
header_free(struct header *header)
{
	if (header == NULL)
		return;
	g_array_unref(header->fields);
	g_string_chunk_free(header->texts);
	g_bytes_unref(header->block);
	g_free(header);
}

const char *
header_bytes(const struct header *header, const struct header_field *field)
{
	const char *block = g_bytes_get_data(header->block, NULL);

	return block + (field->offset - header->start);
}

char *
header_guess_name(const struct header_field *field)
{
	GString *name = g_string_new(NULL);

	for (const char *at = field->body; *at != '\0' && *at != ':'; at++)
		if (g_ascii_isgraph(*at))
			g_string_append_c(name, *at);
	return g_string_free(name, FALSE);
}

const struct header_field *
header_find(const struct header *header, const char *name)
{
	for (unsigned i = 0; i < header->fields->len; i++) {
		const struct header_field *field =
		    &g_array_index(header->fields, struct header_field, i);

		if (g_ascii_strcasecmp(field->name, name) == 0)
			return field;
	}
	return NULL;
}

unsigned
header_count(const struct header *header, const char *name)
{
	unsigned count = 0;

	for (unsigned i = 0; i < header->fields->len; i++)
		if (g_ascii_strcasecmp(
			g_array_index(header->fields, struct header_field, i)
			    .name,
			name) == 0)
			count++;
	return count;
}
