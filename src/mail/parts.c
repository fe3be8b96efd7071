/* SPDX-License-Identifier: MIT */
/*
 * The walk goes over the lines as recode.c does: the limiter has seen before
 * that all boundaries are plain.
 */
#include "mail/parts.h"

#include "charset.h"
#include "decode.h"
#include "lines.h"
#include "parameter.h"
#include "part_head.h"
#include "skeleton.h"

#include <errno.h>
#include <string.h>

#define PIECE_BYTES ((size_t)16 * 1024)

/* An open multipart. */
struct level {
	bool digest; /* its parts are messages unless they say otherwise */
	size_t length;
	char boundary[SKELETON_BOUNDARY_MAX];
};

struct walk {
	const struct spool *spool;
	GArray *list;
	struct level levels[SKELETON_LEVELS];
	unsigned depth;

	bool in_header, in_leaf;
	uint64_t header_start;
	unsigned line_end; /* octets of the last line's end in the leaf */
	bool failed;       /* errno says why */
};

static void
clear_one(void *object)
{
	struct parts_one *one = object;

	g_free(one->type);
	g_free(one->charset);
	g_free(one->name);
	g_free(one->content_id);
	g_free(one->disposition);
}

void
parts_free(struct parts *parts)
{
	if (parts == NULL)
		return;
	g_array_unref(parts->list);
	g_free(parts);
}

/* ---- what the header of a part says ---- */

static const char *
find_body(const struct part_head *head, const char *name)
{
	const struct header_field *field = header_find(head->header, name);

	return field == NULL ? NULL : field->body;
}

/* The last step of a path; NULL: it is no name. */
static char *
strip_path(char *name)
{
	g_autofree char *line = name == NULL ? NULL : charset_line(name);
	const char *base = line;

	g_free(name);
	for (const char *at = line; at != NULL && *at != '\0'; at++)
		if (*at == '/' || *at == '\\')
			base = at + 1;
	if (base == NULL || *base == '\0' || strcmp(base, ".") == 0 ||
	    strcmp(base, "..") == 0)
		return NULL;
	return g_strdup(base);
}

static char *
read_name(const struct part_head *head)
{
	const char *disposition = find_body(head, "Content-Disposition");
	char *name = disposition == NULL
			 ? NULL
			 : strip_path(parameter_find(disposition, "filename"));

	if (name == NULL && head->content_type != NULL)
		name = strip_path(parameter_find(head->content_type, "name"));
	return name;
}

static char *
read_disposition(const struct part_head *head)
{
	const char *body = find_body(head, "Content-Disposition");
	size_t length = body == NULL ? 0 : strcspn(body, "; \t(");

	return length == 0 ? NULL : g_ascii_strdown(body, (gssize)length);
}

static char *
read_content_id(const struct part_head *head)
{
	const char *body = find_body(head, "Content-ID");
	g_autofree char *line = NULL;

	if (body == NULL)
		return NULL;
	body += *body == '<';
	line = g_strndup(body, strcspn(body, ">"));
	return *line == '\0' ? NULL : charset_line(line);
}

/* Both of a type are tokens (RFC 2045 5.1). */
static bool
is_type(const char *type)
{
	const char *slash = strchr(type, '/');

	if (slash == NULL || slash == type || slash[1] == '\0' ||
	    strchr(slash + 1, '/') != NULL)
		return false;
	for (; *type != '\0'; type++)
		if (!g_ascii_isgraph(*type) ||
		    strchr("()<>@,;:\\\"[]?=", *type) != NULL)
			return false;
	return true;
}

static char *
choose_type(const struct part_head *head, bool digest)
{
	if (head->type == NULL)
		return g_strdup(digest ? "message/rfc822" : "text/plain");
	return g_strdup(
	    is_type(head->type) ? head->type : "application/octet-stream");
}

/* ---- the walk ---- */

static struct parts_one *
find_leaf(const struct walk *walk)
{
	return &g_array_index(
	    walk->list, struct parts_one, walk->list->len - 1);
}

static bool
open_multipart(struct walk *walk, const struct part_head *head)
{
	g_autofree char *boundary = NULL;
	struct level *level;

	if (head->type == NULL || !g_str_has_prefix(head->type, "multipart/") ||
	    walk->depth == SKELETON_LEVELS)
		return false;
	boundary = part_head_parameter(head, "boundary");
	if (boundary == NULL)
		return false;
	g_strchomp(boundary);
	level = &walk->levels[walk->depth++];
	level->digest = strcmp(head->type, "multipart/digest") == 0;
	level->length = MIN(strlen(boundary), sizeof level->boundary);
	memcpy(level->boundary, boundary, level->length);
	return true;
}

/* A header has ended: what follows from there on is what it says. */
static void
open_content(struct walk *walk, struct part_head *head, uint64_t content)
{
	bool digest = walk->depth > 0 && walk->levels[walk->depth - 1].digest;
	struct parts_one one = { .level = walk->depth, .offset = content };

	part_head_read(head);
	one.type = choose_type(head, digest);
	one.charset = part_head_parameter(head, "charset");
	one.name = read_name(head);
	one.content_id = read_content_id(head);
	one.disposition = read_disposition(head);
	one.encoding = head->encoding;
	one.multipart = open_multipart(walk, head);
	g_array_append_val(walk->list, one);
	walk->in_header = false;
	walk->in_leaf = !one.multipart;
	walk->line_end = 0;
}

static void
close_header(struct walk *walk, uint64_t content)
{
	const struct limiter_seen seen = {
		.header_start = walk->header_start,
		.header_end = content,
	};
	struct part_head head = { 0 };

	head.own = header_read(walk->spool, &seen);
	head.header = head.own;
	if (head.own == NULL) {
		walk->failed = true;
		return;
	}
	open_content(walk, &head, content);
	part_head_clear(&head);
}

static void
close_leaf(struct walk *walk, uint64_t end)
{
	struct parts_one *leaf = find_leaf(walk);

	/* a part may end before its first line does */
	if (walk->in_leaf && end > leaf->offset)
		leaf->length = end - leaf->offset;
	walk->in_leaf = false;
}

/* The line is this level's boundary: *end says the closing one. */
static bool
is_boundary(const struct level *level, const struct line *line, bool *end)
{
	const unsigned char *rest = line->bytes + 2 + level->length;
	size_t left;

	if (line->length < 2 + level->length ||
	    memcmp(line->bytes + 2, level->boundary, level->length) != 0)
		return false;
	left = line->length - 2 - level->length;
	*end = left >= 2 && rest[0] == '-' && rest[1] == '-';
	for (size_t i = 0; !*end && i < left; i++)
		if (rest[i] == '\0' || strchr(" \t\r\n", rest[i]) == NULL)
			return false;
	return true;
}

static bool
take_boundary(struct walk *walk, const struct line *line)
{
	bool end = false;

	if (!line->starts || line->length < 2 || line->bytes[0] != '-' ||
	    line->bytes[1] != '-')
		return false;
	for (unsigned i = walk->depth; i-- > 0;) {
		if (!is_boundary(&walk->levels[i], line, &end))
			continue;
		if (walk->in_header)
			close_header(walk, line->offset);
		close_leaf(walk, line->offset - walk->line_end);
		walk->depth = end ? i : i + 1;
		walk->in_header = !end;
		walk->header_start = line->offset + line->length;
		return true;
	}
	return false;
}

/* At an empty line, or at one that is no field. */
static void
take_header_line(struct walk *walk, const struct line *line)
{
	size_t text = line->length - lines_end(line);

	if (!line->starts)
		return;
	if (text == 0 && line->ends)
		close_header(walk, line->offset + line->length);
	else if (line->bytes[0] != ' ' && line->bytes[0] != '\t' &&
		 memchr(line->bytes, ':', text) == NULL)
		close_header(walk, line->offset);
}

static void
take_line(struct walk *walk, const struct line *line)
{
	if (take_boundary(walk, line))
		return;
	if (walk->in_header)
		take_header_line(walk, line);
	if (walk->in_leaf && line->offset >= find_leaf(walk)->offset)
		walk->line_end = line->ends ? lines_end(line) : 0;
}

static bool
walk_lines(struct walk *walk, uint64_t from)
{
	uint64_t size = spool_size(walk->spool);
	struct lines lines;
	struct line line;

	lines_start(&lines, walk->spool, from, size);
	while (!walk->failed && lines_next(&lines, &line))
		take_line(walk, &line);
	/* the mail ends in a header */
	if (walk->in_header && !walk->failed && !lines.failed)
		close_header(walk, size);
	close_leaf(walk, size);
	return !walk->failed && !lines.failed;
}

/* ---- contents ---- */

/* Takes what was decoded; false and errno: no more is wanted. */
typedef bool (*take_fn)(
    void *object, const unsigned char *bytes, size_t length);

/* False and errno. */
static bool
decode(const struct spool *spool, const struct parts_one *one, take_fn take,
    void *object)
{
	g_autofree unsigned char *in = g_malloc(PIECE_BYTES);
	g_autofree unsigned char *out = g_malloc(PIECE_BYTES + DECODE_SLACK);
	struct decode decode;

	decode_start(&decode, one->encoding);
	for (uint64_t at = 0; at < one->length;) {
		ssize_t got = spool_read(spool, one->offset + at, in,
		    (size_t)MIN(PIECE_BYTES, one->length - at));

		if (got <= 0 ||
		    !take(object, out,
			decode_bytes(&decode, in, (size_t)got, out)))
			return false;
		at += (uint64_t)got;
	}
	return take(object, out, decode_end(&decode, out));
}

static bool
take_size(void *size, const unsigned char *bytes, size_t length)
{
	(void)bytes;
	*(uint64_t *)size += length;
	return true;
}

static bool
take_bytes(void *array, const unsigned char *bytes, size_t length)
{
	g_byte_array_append(array, bytes, (guint)length);
	return true;
}

static bool
take_to_spool(void *spool, const unsigned char *bytes, size_t length)
{
	return spool_append(spool, bytes, length);
}

static bool
measure(const struct spool *spool, GArray *list)
{
	for (unsigned i = 0; i < list->len; i++) {
		struct parts_one *one =
		    &g_array_index(list, struct parts_one, i);

		if (one->encoding == PART_IDENTITY || one->multipart)
			one->decoded_size = one->length;
		else if (!decode(spool, one, take_size, &one->decoded_size))
			return false;
	}
	return true;
}

struct spool *
parts_decode(const struct spool *spool, const struct parts_one *one,
    const struct spool_place *place)
{
	struct spool *out = spool_new(place);

	if (decode(spool, one, take_to_spool, out) && spool_seal(out))
		return out;
	int fault = errno;
	spool_unref(out);
	errno = fault;
	return NULL;
}

GBytes *
parts_text(const struct spool *spool, const struct parts_one *one)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	bool damaged = false;

	g_assert(one->decoded_size <= PARTS_TEXT_MAX);
	if (!decode(spool, one, take_bytes, bytes))
		return NULL;
	return charset_text(bytes->data, bytes->len, one->charset, &damaged);
}

/* ---- the whole ---- */

/* Where the header ends, and whether the rest is for our eyes; false and
 * errno. */
static bool
survey(const struct spool *spool, struct limiter_seen *seen)
{
	g_autofree unsigned char *bytes = g_malloc(PIECE_BYTES);
	struct limiter *limiter = limiter_new(&limiter_defaults);
	enum limiter_verdict verdict = LIMITER_OK;
	uint64_t at = 0;
	ssize_t got = 0;

	while (verdict == LIMITER_OK &&
	       (got = spool_read(spool, at, bytes, PIECE_BYTES)) > 0) {
		verdict = limiter_feed(limiter, bytes, (size_t)got);
		at += (uint64_t)got;
	}
	verdict = limiter_end(limiter, seen);
	limiter_free(limiter);
	/* it came in under other limits than these */
	if (verdict != LIMITER_OK) {
		seen->opaque = true;
		seen->opaque_why = limiter_text(verdict);
	}
	return verdict != LIMITER_OK || (got == 0 && at == spool_size(spool));
}

static void
add_opaque(GArray *list, const struct spool *spool)
{
	struct parts_one one = {
		.type = g_strdup("message/rfc822"),
		.length = spool_size(spool),
		.decoded_size = spool_size(spool),
	};

	g_array_append_val(list, one);
}

static bool
read_parts(
    const struct spool *spool, const struct limiter_seen *seen, GArray *list)
{
	struct walk walk = {
		.spool = spool, .list = list, .header_start = seen->header_start
	};

	close_header(&walk, seen->header_end);
	return !walk.failed && walk_lines(&walk, seen->header_end) &&
	       measure(spool, list);
}

struct parts *
parts_read(const struct spool *spool)
{
	struct limiter_seen seen;
	struct parts *parts;

	if (!survey(spool, &seen))
		return NULL;
	parts = g_new0(struct parts, 1);
	parts->list = g_array_new(FALSE, FALSE, sizeof(struct parts_one));
	g_array_set_clear_func(parts->list, clear_one);
	if (seen.opaque) {
		parts->opaque = seen.opaque_why;
		add_opaque(parts->list, spool);
	} else if (!read_parts(spool, &seen, parts->list)) {
		g_clear_pointer(&parts, parts_free);
	}
	return parts;
}
