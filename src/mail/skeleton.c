/* SPDX-License-Identifier: MIT */
#include "skeleton.h"

#include <glib.h>
#include <string.h>

/* Inner header fields in all, as a multiple of what one header may have. */
#define FIELDS_FACTOR 10

void
skeleton_start(struct skeleton *skeleton, const struct skeleton_limits *limits)
{
	/* The arrays count only as far as their lengths say. */
	skeleton->limits = *limits;
	skeleton->opaque = NULL;
	skeleton->parts = 0;
	skeleton->fields = 0;
	skeleton->comparisons = 0;
	skeleton->at_start = true;
	skeleton->dashes = false;
	skeleton->skip = false;
	skeleton->line_length = 0;
	skeleton->in_header = false;
	skeleton->depth = 0;
}

void
skeleton_check(struct skeleton *skeleton, const struct block *block)
{
	const struct skeleton_limits *limits = &skeleton->limits;

	if (skeleton->opaque != NULL)
		return;
	if (block->colons > limits->colons)
		skeleton->opaque = "too many colons in an address field";
	else if ((block->kind == BLOCK_CONTENT || block->kind == BLOCK_TYPE) &&
		 block->field_bytes > limits->content_bytes)
		skeleton->opaque = "a Content field too long";
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The first place of the (lower case) word without case, or NULL. */
static const char *
find_word(const char *text, const char *end, const char *word)
{
	size_t length = strlen(word);

	for (; (size_t)(end - text) >= length; text++)
		if (g_ascii_tolower(*text) == *word &&
		    g_ascii_strncasecmp(text, word, length) == 0)
			return text;
	return NULL;
}

static bool
is_token(char c)
{
	return g_ascii_isgraph(c) && strchr("()<>@,;:\\\"/[]?=", c) == NULL;
}

/* Keeps one byte of the boundary; false when it is too long. */
static bool
put_boundary(struct skeleton_level *level, char c)
{
	if (level->length == SKELETON_BOUNDARY_MAX)
		return false;
	level->boundary[level->length++] = c;
	return true;
}

/* Reads a quoted or bare boundary and returns what follows it; NULL when it is
 * too long, not closed, or no token (RFC 2045 5.1) though bare. */
static const char *
read_boundary(struct skeleton_level *level, const char *at, const char *end)
{
	bool quoted = at < end && *at == '"';

	level->length = 0;
	for (at += quoted; at < end; at++) {
		if (quoted ? *at == '"' : is_blank(*at) || *at == ';')
			break;
		if (quoted && *at == '\\' && at + 1 < end)
			at++;
		else if (!quoted && !is_token(*at))
			return NULL;
		if (!put_boundary(level, *at))
			return NULL;
	}
	if (quoted && at++ == end)
		return NULL;
	/* Blanks behind a boundary line are padding: RFC 2046 5.1.1. */
	while (
	    level->length > 0 && is_blank(level->boundary[level->length - 1]))
		level->length--;
	return level->length > 0 ? at : NULL;
}

/* Finds the one boundary of a multipart.  False when it is not plain: given
 * twice, in pieces (RFC 2231), with a comment. */
static bool
find_boundary(struct skeleton_level *level, const char *at, const char *end)
{
	at += strlen("boundary");
	while (at < end && is_blank(*at))
		at++;
	if (at == end || *at++ != '=')
		return false;
	while (at < end && is_blank(*at))
		at++;
	at = read_boundary(level, at, end);
	return at != NULL && find_word(at, end, "boundary") == NULL;
}

static struct skeleton_level *
push_level(struct skeleton *skeleton)
{
	if (skeleton->depth >= skeleton->limits.depth ||
	    skeleton->depth == SKELETON_LEVELS) {
		skeleton->opaque = "parts nested too deep";
		return NULL;
	}
	return &skeleton->levels[skeleton->depth++];
}

static void
open_multipart(struct skeleton *skeleton, const char *type, const char *end)
{
	const char *at = find_word(type, end, "boundary");
	struct skeleton_level *level;

	/* Without one no line can be a boundary: it is one part. */
	if (at == NULL)
		return;
	level = push_level(skeleton);
	if (level == NULL)
		return;
	level->digest = find_word(type, at, "digest") != NULL;
	if (!find_boundary(level, at, end))
		skeleton->opaque = "a multipart boundary that is not plain";
}

static void
open_message(struct skeleton *skeleton)
{
	struct skeleton_level *level = push_level(skeleton);

	if (level == NULL)
		return;
	level->length = 0;
	level->digest = false;
	skeleton->in_header = true;
	block_start(&skeleton->block);
}

/* Opens what a Content-Type says; blocks without one hold text, or a message
 * within a digest. */
static void
open_type(struct skeleton *skeleton, const struct block *block, bool digest)
{
	const char *type = block->type;
	const char *end =
	    type + MIN(block->type_length, (uint32_t)BLOCK_TYPE_MAX);
	/* A comment may hold a semicolon. */
	const char *stop = memchr(type, '(', (size_t)(end - type)) == NULL
			       ? memchr(type, ';', (size_t)(end - type))
			       : NULL;
	bool multipart;

	if (stop == NULL)
		stop = end;
	multipart = find_word(type, stop, "multipart") != NULL;
	if (block->types > 1)
		skeleton->opaque = "more than one Content-Type in a header";
	else if (multipart && block->type_length > BLOCK_TYPE_MAX)
		skeleton->opaque = "a multipart boundary that is not plain";
	else if (multipart)
		open_multipart(skeleton, type, end);
	else if (find_word(type, stop, "message") != NULL ||
		 (digest && block->types == 0))
		open_message(skeleton);
}

void
skeleton_open(struct skeleton *skeleton, const struct block *block)
{
	if (skeleton->opaque == NULL)
		open_type(skeleton, block, false);
}

/* True when the line is this level's boundary: *end says the closing one. */
static bool
is_boundary(const struct skeleton_level *level, const unsigned char *line,
    size_t length, bool *end)
{
	if (level->length == 0 || length < level->length ||
	    memcmp(line, level->boundary, level->length) != 0)
		return false;
	line += level->length;
	length -= level->length;
	*end = length >= 2 && line[0] == '-' && line[1] == '-';
	if (*end)
		return true;
	for (; length > 0; length--, line++)
		if (!is_blank((char)*line) && *line != '\r' && *line != '\n')
			return false;
	return true;
}

static void
begin_part(struct skeleton *skeleton)
{
	skeleton->in_header = true;
	block_start(&skeleton->block);
	if (++skeleton->parts > skeleton->limits.parts)
		skeleton->opaque = "too many parts";
}

/* A line that begins with two dashes: is it a boundary, and whose?  A level
 * stays open behind its closing boundary until an outer one comes: the parser
 * that does not see it as closed would find more parts there. */
static bool
take_boundary(
    struct skeleton *skeleton, const unsigned char *line, size_t length)
{
	bool end = false;

	skeleton->comparisons += skeleton->depth;
	if (skeleton->comparisons > skeleton->limits.comparisons)
		skeleton->opaque = "too many lines that begin with --";
	for (uint32_t i = skeleton->depth; i-- > 0;) {
		if (!is_boundary(
			&skeleton->levels[i], line + 2, length - 2, &end))
			continue;
		skeleton->depth = i + 1;
		skeleton->in_header = false;
		if (!end)
			begin_part(skeleton);
		return true;
	}
	return false;
}

static void
close_block(struct skeleton *skeleton)
{
	struct block *block = &skeleton->block;
	bool digest =
	    skeleton->depth > 0 && skeleton->levels[skeleton->depth - 1].digest;

	skeleton->in_header = false;
	skeleton->fields += block->fields;
	if (skeleton->fields >
	    (uint64_t)FIELDS_FACTOR * skeleton->limits.header_fields)
		skeleton->opaque = "too many fields in the headers of parts";
	if (skeleton->opaque == NULL)
		open_type(skeleton, block, digest);
}

static void
take_header(struct skeleton *skeleton, const unsigned char *bytes,
    size_t length, bool ends)
{
	struct block *block = &skeleton->block;
	enum block_state state = block_take(block, bytes, length, ends);

	skeleton_check(skeleton, block);
	if (block->fields > skeleton->limits.header_fields ||
	    block->bytes > skeleton->limits.header_bytes ||
	    block->field_bytes > skeleton->limits.field_bytes)
		skeleton->opaque = "the header of a part too large";
	if (state == BLOCK_OPEN)
		return;
	/* What a broken line still holds is no header. */
	skeleton->skip = !ends;
	close_block(skeleton);
}

static void
end_line(struct skeleton *skeleton)
{
	skeleton->at_start = true;
	skeleton->dashes = false;
	skeleton->skip = false;
	skeleton->line_length = 0;
}

/* Keeps a piece of a line that may be a boundary. */
static void
keep_piece(struct skeleton *skeleton, const unsigned char *bytes, size_t length)
{
	if (skeleton->line_length < SKELETON_LINE_MAX)
		memcpy(skeleton->line + skeleton->line_length, bytes,
		    MIN(length,
			(size_t)SKELETON_LINE_MAX - skeleton->line_length));
	skeleton->line_length += (uint32_t)MIN(length, (size_t)G_MAXUINT16);
}

/* A piece of a line that begins with a dash.  It is held back until the line
 * is whole, then it is a boundary or goes to the header as one piece. */
static void
take_dashes(struct skeleton *skeleton, const unsigned char *bytes,
    size_t length, bool ends)
{
	const unsigned char *line = bytes;
	size_t whole = length;

	if (!ends || skeleton->line_length > 0) {
		keep_piece(skeleton, bytes, length);
		line = skeleton->line;
		whole = MIN(skeleton->line_length, (uint32_t)SKELETON_LINE_MAX);
	}
	if (!ends)
		return;
	if (whole >= 2 && line[1] == '-' &&
	    take_boundary(skeleton, line, whole))
		return;
	if (skeleton->in_header && skeleton->opaque == NULL)
		take_header(skeleton, line, whole, true);
}

void
skeleton_take(struct skeleton *skeleton, const unsigned char *bytes,
    size_t length, bool ends)
{
	if (skeleton->at_start)
		skeleton->dashes = length > 0 && bytes[0] == '-';
	skeleton->at_start = skeleton->at_start && length == 0;
	if (skeleton->dashes)
		take_dashes(skeleton, bytes, length, ends);
	else if (skeleton->in_header && !skeleton->skip)
		take_header(skeleton, bytes, length, ends);
	if (ends)
		end_line(skeleton);
}
