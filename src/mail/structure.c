/* SPDX-License-Identifier: MIT */
/*
 * What an API can make of fields is: text and html as alternatives, images
 * beside the html that it refers to by Content-ID, and attachments behind.  So
 * the walk looks for the one place where a body may stand (the "slot": the
 * whole mail, or the first part of a mixed, and there alternative and related),
 * takes the bodies from it, and everything elsewhere must be an attachment by
 * its own word.
 *
 * A part that is neither called an attachment nor referred to, and of a kind
 * that readers show (image, text), is seen within the mail: as an attachment it
 * would not be, which is a loss.  A PDF "inline" is listed as an attachment by
 * every reader: none.
 */
#include "structure.h"

#include "charset.h"
#include "decode.h"
#include "marks.h"

#include <string.h>

#define TEXT_MAX      (1024 * 1024)
#define DECODE_CHUNK  (16 * 1024)
#define CID_MAX_BYTES 1000

struct walk {
	struct message *message;
	const struct spool *spool;
	bool has_text, has_html, has_amp; /* chosen, kept or not */
	GHashTable *cids; /* Content-IDs that the html refers to */
	GPtrArray *later; /* struct later *: parts, in order */
};

/* A part waits until the html is known: that decides what is inline. */
struct later {
	const struct node *node;
	bool related; /* stands beside a body in a related */
};

/* Where a node stands. */
struct place {
	bool slot;        /* a body may stand here */
	bool related;     /* beside the body of a related */
	bool alternative; /* it is one of several forms of the same */
};

static void place_node(
    struct walk *walk, const struct node *node, struct place place);

static bool
is_attachment(const struct node *node)
{
	return g_strcmp0(node->disposition, "attachment") == 0;
}

static bool
is_body(const struct node *node)
{
	return node->kind == NODE_LEAF && !is_attachment(node) &&
	       node->name == NULL &&
	       (node_is(node, "text/plain") || node_is(node, "text/html"));
}

/* A body stands in it somewhere, where one may. */
static bool
holds_body(const struct node *node)
{
	if (node->kind != NODE_MULTIPART)
		return is_body(node);
	for (unsigned i = 0; i < node->children->len; i++)
		if (holds_body(g_ptr_array_index(node->children, i)))
			return true;
	return false;
}

/* Decodes a node's content.  text: NULL when only the size is asked for. */
static uint64_t
decode_node(struct walk *walk, const struct node *node, GByteArray *text)
{
	g_autofree unsigned char *in = NULL, *out = NULL;
	struct decode decode;
	uint64_t size = 0;
	ssize_t take;
	size_t given;

	if (node->encoding == PART_IDENTITY && text == NULL)
		return node->length;
	in = g_malloc(DECODE_CHUNK);
	out = g_malloc(DECODE_CHUNK + DECODE_SLACK);
	decode_start(&decode, node->encoding);
	for (uint64_t at = 0; at < node->length; at += (uint64_t)take) {
		take = spool_read(walk->spool, node->offset + at, in,
		    (size_t)MIN(DECODE_CHUNK, node->length - at));
		/* what is lost is found out again when it is to be sent */
		if (take <= 0)
			break;
		given = decode_bytes(&decode, in, (size_t)take, out);
		size += given;
		if (text != NULL)
			g_byte_array_append(text, out, (guint)given);
	}
	given = decode_end(&decode, out);
	if (text != NULL)
		g_byte_array_append(text, out, (guint)given);
	if (decode.damaged)
		walk->message->traits |= TRAIT_MALFORMED;
	return size + given;
}

static void
add_later(struct walk *walk, const struct node *node, bool related)
{
	struct later *later = g_new0(struct later, 1);

	later->node = node;
	later->related = related;
	g_ptr_array_add(walk->later, later);
}

static GBytes *
read_text(struct walk *walk, const struct node *node)
{
	g_autoptr(GByteArray) content = g_byte_array_new();
	bool damaged = false;
	GBytes *text;

	decode_node(walk, node, content);
	text =
	    charset_text(content->data, content->len, node->charset, &damaged);
	if (damaged)
		walk->message->traits |= TRAIT_TEXT_UNDECODABLE;
	return text;
}

static bool
is_blank(const char *text, size_t length)
{
	while (length > 0 && g_ascii_isspace(text[length - 1]))
		length--;
	return length == 0;
}

/* What lies in the words of a body. */
static uint64_t
find_text_traits(GBytes *body)
{
	gsize length;
	const char *text = g_bytes_get_data(body, &length);

	return is_blank(text, length) ? TRAIT_EMPTY_BODY
				      : marks_find(text, length);
}

/* Takes the node as one of the mail's bodies.  One too large to hold is a part
 * like any other: nothing gets lost even when fields are forced. */
static void
take_body(struct walk *walk, const struct node *node, GBytes **body)
{
	if (node->more_fields || node->more_parameters)
		walk->message->traits |= TRAIT_PART_HEADERS;
	if (decode_node(walk, node, NULL) > TEXT_MAX) {
		walk->message->traits |= TRAIT_TEXT_LARGE;
		add_later(walk, node, false);
		return;
	}
	*body = read_text(walk, node);
	walk->message->traits |= find_text_traits(*body);
}

static void
take_text(struct walk *walk, const struct node *node)
{
	if (node_is(node, "text/html")) {
		walk->has_html = true;
		take_body(walk, node, &walk->message->html);
	} else {
		walk->has_text = true;
		take_body(walk, node, &walk->message->text);
	}
}

/* AMP stands between text and html. */
static void
take_amp(struct walk *walk, const struct node *node)
{
	walk->has_amp = true;
	walk->message->traits |= TRAIT_AMP;
	take_body(walk, node, &walk->message->amp);
}

static bool
is_amp(const struct walk *walk, const struct node *node, struct place place)
{
	return place.slot && place.alternative && node->kind == NODE_LEAF &&
	       !is_attachment(node) && node->name == NULL &&
	       node_is(node, "text/x-amp-html") && walk->has_text &&
	       !walk->has_html && !walk->has_amp;
}

/* Text goes before html: the order of an alternative is its order of worth. */
static bool
has_room(const struct walk *walk, const struct node *node)
{
	if (node_is(node, "text/html"))
		return !walk->has_html;
	return !walk->has_text && !walk->has_html;
}

static uint64_t
find_leaf_traits(const struct node *node, struct place place)
{
	if (place.alternative)
		return TRAIT_ALTERNATIVE;
	if (place.related && node->content_id == NULL && !is_attachment(node))
		return TRAIT_UNKNOWN;
	return 0;
}

static void
place_leaf(struct walk *walk, const struct node *node, struct place place)
{
	walk->message->traits |= node->traits;
	if (node->kind == NODE_MESSAGE || node_is(node, "message/"))
		walk->message->traits |= TRAIT_NESTED_MESSAGE;
	if (place.slot && is_body(node) && has_room(walk, node)) {
		take_text(walk, node);
		return;
	}
	if (is_amp(walk, node, place)) {
		take_amp(walk, node);
		return;
	}
	walk->message->traits |= find_leaf_traits(node, place);
	add_later(walk, node, place.related);
}

static const struct node *
child_of(const struct node *node, unsigned i)
{
	return g_ptr_array_index(node->children, i);
}

static void
place_alternative(
    struct walk *walk, const struct node *node, struct place place)
{
	struct place inner = {
		.slot = place.slot,
		.related = place.related,
		.alternative = true,
	};

	if (!place.slot)
		walk->message->traits |= TRAIT_UNKNOWN;
	for (unsigned i = 0; i < node->children->len; i++)
		place_node(walk, child_of(node, i), inner);
}

/* The root of a related: the part that `start` names (RFC 2387 3.2), else the
 * first; when no body stands there the first with one. */
static unsigned
find_root(const struct node *node)
{
	unsigned count = node->children->len;

	for (unsigned i = 0; node->start != NULL && i < count; i++)
		if (g_strcmp0(child_of(node, i)->content_id, node->start) == 0)
			return i;
	for (unsigned i = 0; i < count; i++)
		if (holds_body(child_of(node, i)))
			return i;
	return 0;
}

static void
place_related(struct walk *walk, const struct node *node, struct place place)
{
	const struct place beside = { .related = true };
	unsigned root = find_root(node);

	if (root > 0)
		walk->message->traits |= TRAIT_UNKNOWN;
	for (unsigned i = 0; i < node->children->len; i++)
		place_node(walk, child_of(node, i), i == root ? place : beside);
}

/* A mixed, or what is read as one: the slot goes on in the first child with a
 * body, which should be the first. */
static void
place_mixed(struct walk *walk, const struct node *node, struct place place)
{
	struct place inner = place;
	const struct place behind = { .related = place.related };

	if (place.alternative && node->children->len > 1)
		walk->message->traits |= TRAIT_UNKNOWN;
	for (unsigned i = 0; i < node->children->len; i++) {
		const struct node *child = child_of(node, i);
		bool slot = inner.slot && holds_body(child);

		if (slot && i > 0)
			walk->message->traits |= TRAIT_UNKNOWN;
		place_node(walk, child, slot ? inner : behind);
		if (slot)
			inner.slot = false;
	}
}

/* The kinds of multipart beside mixed, alternative and related. */
static uint64_t
find_multipart_traits(const struct node *node)
{
	if (node_is(node, "multipart/mixed"))
		return 0;
	if (node_is(node, "multipart/signed"))
		return TRAIT_SIGNED;
	if (node_is(node, "multipart/encrypted"))
		return TRAIT_ENCRYPTED;
	if (node_is(node, "multipart/report"))
		return TRAIT_REPORT;
	return TRAIT_UNKNOWN;
}

static void
place_node(struct walk *walk, const struct node *node, struct place place)
{
	if (node->kind != NODE_MULTIPART) {
		place_leaf(walk, node, place);
		return;
	}
	walk->message->traits |= node->traits;
	if (node->children->len == 0)
		walk->message->traits |= TRAIT_MALFORMED;
	/* on a multipart only what it carries within can be shown */
	if (node->more_fields || is_attachment(node))
		walk->message->traits |= TRAIT_PART_HEADERS;
	if (node_is(node, "multipart/alternative")) {
		place_alternative(walk, node, place);
	} else if (node_is(node, "multipart/related")) {
		place_related(walk, node, place);
	} else {
		walk->message->traits |= find_multipart_traits(node);
		place_mixed(walk, node, place);
	}
}

/* Collects what follows "cid:" in the html: as it is written, and with %xx
 * decoded (RFC 2392 2). */
static void
collect_cids(struct walk *walk)
{
	gsize size;
	const char *html = g_bytes_get_data(walk->message->html, &size);
	const char *end = html + size;

	for (const char *at = html;
	     (at = memmem(at, (size_t)(end - at), "cid:", 4)) != NULL;) {
		char *id, *plain;
		size_t length = 0;

		at += 4;
		while (at + length < end && length < CID_MAX_BYTES &&
		       strchr("\"'<>()\\ \t\n", at[length]) == NULL)
			length++;
		id = g_strndup(at, length);
		plain = g_uri_unescape_string(id, NULL);
		g_hash_table_add(walk->cids, id);
		if (plain != NULL)
			g_hash_table_add(walk->cids, plain);
		at += length;
	}
}

/* Inline is what the html shows by Content-ID.  When the html was not kept,
 * standing in a related is taken for it. */
static bool
is_inline(const struct walk *walk, const struct later *later)
{
	const struct node *node = later->node;

	if (node->content_id == NULL || node->kind != NODE_LEAF ||
	    is_attachment(node) || !walk->has_html)
		return false;
	if (!later->related && g_strcmp0(node->disposition, "inline") != 0)
		return false;
	return walk->message->html == NULL ||
	       g_hash_table_contains(walk->cids, node->content_id);
}

/* The last step of a path; nothing that is no name. */
static char *
make_name(const char *name)
{
	g_autofree char *line = charset_line(name);
	const char *base = line + strlen(line);

	while (base > line && strchr("/\\", base[-1]) == NULL)
		base--;
	if (*base == '\0' || strcmp(base, ".") == 0 || strcmp(base, "..") == 0)
		return NULL;
	return g_strdup(base);
}

static uint64_t
find_name_traits(const char *name)
{
	uint64_t traits = 0;

	if (name == NULL)
		return TRAIT_NAME_MISSING;
	if (strchr(". ", name[strlen(name) - 1]) != NULL)
		traits |= TRAIT_NAME_UNSAFE;
	for (; *name != '\0'; name++) {
		if ((unsigned char)*name > 0x7e)
			traits |= TRAIT_NAME_NON_ASCII;
		if (strchr("/\\\"", *name) != NULL ||
		    (unsigned char)*name < ' ' || *name == 0x7f)
			traits |= TRAIT_NAME_UNSAFE;
	}
	return traits;
}

static uint64_t
find_attachment_traits(const struct node *node)
{
	uint64_t traits = find_name_traits(node->name);

	if (node->content_id != NULL)
		traits |= TRAIT_ATTACHMENT_CID;
	if (!is_attachment(node) && node->kind == NODE_LEAF &&
	    (node_is(node, "text/") || node_is(node, "image/")))
		traits |= TRAIT_UNKNOWN;
	return traits;
}

/* What becomes a file name where a Content-ID is one: what ends in .com is
 * taken for a program by readers then. */
static bool
is_unsafe_id(const char *content_id)
{
	size_t length = strlen(content_id);

	if (length >= 4 &&
	    g_ascii_strcasecmp(content_id + length - 4, ".com") == 0)
		return true;
	for (const char *at = content_id; *at != '\0'; at++)
		if (*at <= ' ' || *at > '~' || strchr("/\\\"", *at) != NULL)
			return true;
	return content_id[length - 1] == '.';
}

static bool
has_twin(const struct message *message, const char *content_id)
{
	for (unsigned i = 0; i < message->parts->len; i++) {
		const struct part *part = g_ptr_array_index(message->parts, i);

		if (part->role == PART_INLINE &&
		    strcmp(part->content_id, content_id) == 0)
			return true;
	}
	return false;
}

static uint64_t
find_inline_traits(const struct message *message, const struct node *node)
{
	uint64_t traits = 0;

	if (!node_is(node, "image/"))
		traits |= TRAIT_INLINE_OTHER;
	if (node->name != NULL && strcmp(node->name, node->content_id) != 0)
		traits |= TRAIT_INLINE_NAMED;
	if (has_twin(message, node->content_id))
		traits |= TRAIT_INLINE_TWINS;
	if (is_unsafe_id(node->content_id))
		traits |= TRAIT_INLINE_UNSAFE;
	return traits;
}

static void
add_part(struct walk *walk, const struct later *later)
{
	struct message *message = walk->message;
	const struct node *node = later->node;
	struct part *part = g_new0(struct part, 1);

	part->role = is_inline(walk, later) ? PART_INLINE : PART_ATTACHMENT;
	part->encoding = node->encoding;
	part->type = g_strdup(node->type);
	part->parameters = g_strdup(node->parameters);
	part->name = node->name == NULL ? NULL : make_name(node->name);
	part->content_id = g_strdup(node->content_id);
	part->disposed = node->disposition != NULL;
	part->offset = node->offset;
	part->length = node->length;
	part->decoded_size = decode_node(walk, node, NULL);
	if (node->more_fields)
		message->traits |= TRAIT_PART_HEADERS;
	if (part->decoded_size == 0)
		message->traits |= TRAIT_EMPTY_PART;
	message->traits |= part->role == PART_INLINE
			       ? find_inline_traits(message, node)
			       : find_attachment_traits(node);
	g_ptr_array_add(message->parts, part);
}

void
structure_read(struct message *message, const struct node *root)
{
	struct walk walk = {
		.message = message,
		.spool = message->submission->spool,
	};
	const struct place top = { .slot = true };

	walk.cids =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	walk.later = g_ptr_array_new_with_free_func(g_free);
	place_node(&walk, root, top);
	if (message->html != NULL)
		collect_cids(&walk);
	for (unsigned i = 0; i < walk.later->len; i++)
		add_part(&walk, g_ptr_array_index(walk.later, i));
	if (message->text == NULL && message->html == NULL)
		message->traits |= TRAIT_NO_BODY;
	g_ptr_array_unref(walk.later);
	g_hash_table_unref(walk.cids);
}
