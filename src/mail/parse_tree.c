/* SPDX-License-Identifier: MIT */
/*
 * GMime's objects are only ever read.  To change, encode or write out one that
 * came from a stranger can loop for ever (a parameter name of 70 characters
 * does it), and to ask a multipart without a boundary for its boundary makes
 * one: so boundaries are read as parameters.
 */
#include "parse_tree.h"

#include "charset.h"
#include "parameter.h"
#include "parse_stream.h"

#include <gmime/gmime.h>
#include <string.h>

/* The limiter keeps mails of more away; these only keep us safe should it and
 * GMime ever count differently. */
#define DEPTH_MAX 64
#define NODES_MAX 4000

struct reading {
	struct message *message;
	GMimeParserOptions *gmime_options;
	const struct spool *spool;
	uint64_t size;
	unsigned nodes;
	GPtrArray *boundaries; /* char *, borrowed, of the open multiparts */
};

/* What a warning says of the mail.  The rest are matters of taste or seen by
 * our own eyes: which top fields stand twice, for one. */
static void
on_warning(gint64 offset, GMimeParserWarning warning, const gchar *item,
    gpointer user_data)
{
	struct reading *reading = user_data;

	(void)offset;
	switch (warning) {
	case GMIME_WARN_DUPLICATED_HEADER:
	case GMIME_WARN_INVALID_ADDRESS_LIST:
	case GMIME_WARN_INVALID_RFC2047_HEADER_VALUE:
		break;
	case GMIME_CRIT_CONFLICTING_HEADER:
		if (item != NULL &&
		    g_ascii_strncasecmp(item, "Content-", 8) == 0)
			reading->message->traits |= TRAIT_MALFORMED;
		break;
	case GMIME_WARN_UNENCODED_8BIT_HEADER:
		if (item == NULL || !g_utf8_validate(item, -1, NULL))
			reading->message->traits |= TRAIT_EIGHTBIT_FIELD;
		break;
	default:
		reading->message->traits |= TRAIT_MALFORMED;
	}
}

static bool
is_named(const char *name, const char *other)
{
	return name != NULL && g_ascii_strcasecmp(name, other) == 0;
}

/* The parameters of a Content-Type; those of a multipart are its own
 * business. */
static void
read_parameters(struct node *node, GMimeContentType *type)
{
	GMimeParamList *list = g_mime_content_type_get_parameters(type);
	GString *out = g_string_new(NULL);
	int count = g_mime_param_list_length(list);

	for (int i = 0; i < count; i++) {
		GMimeParam *param = g_mime_param_list_get_parameter_at(list, i);
		const char *name = g_mime_param_get_name(param);
		const char *value = g_mime_param_get_value(param);

		if (name == NULL || value == NULL || is_named(name, "name") ||
		    is_named(name, "boundary"))
			continue;
		if (!is_named(name, "charset"))
			node->more_parameters = true;
		if (!node_print_parameter(out, name, value))
			node->more_fields = true;
	}
	node->parameters = g_string_free(out, FALSE);
}

static void
read_type(struct node *node, GMimeObject *object)
{
	GMimeContentType *type = g_mime_object_get_content_type(object);
	g_autofree char *mime = g_mime_content_type_get_mime_type(type);
	const char *charset =
	    g_mime_content_type_get_parameter(type, "charset");
	const char *start = g_mime_content_type_get_parameter(type, "start");

	node->type = g_ascii_strdown(mime, -1);
	node->charset = charset == NULL ? NULL : charset_line(charset);
	if (start != NULL)
		node->start = g_strndup(start + (start[0] == '<'),
		    strcspn(start + (start[0] == '<'), ">"));
	if (node->kind == NODE_MULTIPART)
		node->parameters = g_strdup("");
	else
		read_parameters(node, type);
	/* "type/subtype" in a request's header of its own */
	if (strpbrk(node->type, "\r\n \t\";,") != NULL ||
	    !g_str_is_ascii(node->type)) {
		g_free(node->type);
		node->type = g_strdup("application/octet-stream");
		node->traits |= TRAIT_MALFORMED;
	}
}

/* A name that is more than ASCII says GMime does not read as it is meant:
 * charsets by other names, characters parted by words or pieces.  What is no
 * such name is read by GMime; NULL: none.  New string. */
static char *
read_name(GMimeObject *object, const char *field, const char *parameter,
    const char *found)
{
	GMimeHeader *header = g_mime_header_list_get_header(
	    g_mime_object_get_header_list(object), field);
	const char *raw =
	    header == NULL ? NULL : g_mime_header_get_raw_value(header);
	char *name = NULL;

	if (raw != NULL && (!g_str_is_ascii(raw) || strchr(raw, '*') != NULL ||
			       strstr(raw, "=?") != NULL))
		name = parameter_find(raw, parameter);
	return name != NULL ? name : g_strdup(found);
}

/* "filename*=" and "filename*0=", of either field. */
static bool
has_pieces(GMimeObject *object)
{
	static const char *const names[] = { "Content-Disposition",
		"Content-Type" };
	GMimeHeaderList *list = g_mime_object_get_header_list(object);

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		GMimeHeader *header =
		    g_mime_header_list_get_header(list, names[i]);
		const char *raw =
		    header == NULL ? NULL : g_mime_header_get_raw_value(header);
		g_autofree char *lower =
		    raw == NULL ? NULL : g_ascii_strdown(raw, -1);

		if (lower != NULL && strstr(lower, "name*") != NULL)
			return true;
	}
	return false;
}

/* A file name in Content-Type that says another than Content-Disposition would
 * be lost, as every other parameter of that. */
static void
read_disposition(struct node *node, GMimeObject *object)
{
	GMimeContentDisposition *disposition =
	    g_mime_object_get_content_disposition(object);
	g_autofree char *name = read_name(object, "Content-Type", "name",
	    g_mime_content_type_get_parameter(
		g_mime_object_get_content_type(object), "name"));
	g_autofree char *filename = NULL;

	if (disposition != NULL) {
		GMimeParamList *list =
		    g_mime_content_disposition_get_parameters(disposition);

		node->disposition = g_ascii_strdown(
		    g_mime_content_disposition_get_disposition(disposition),
		    -1);
		filename = read_name(object, "Content-Disposition", "filename",
		    g_mime_content_disposition_get_parameter(
			disposition, "filename"));
		if (g_mime_param_list_length(list) > (filename != NULL))
			node->more_fields = true;
	}
	if (name != NULL && filename != NULL && strcmp(name, filename) != 0)
		node->more_fields = true;
	if (filename == NULL)
		filename = g_steal_pointer(&name);
	if (filename != NULL && filename[0] != '\0')
		node->name = g_steal_pointer(&filename);
	if (node->name != NULL && has_pieces(object))
		node->traits |= TRAIT_NAME_PIECES;
}

/* The fields of a part that an API makes anew by itself. */
static bool
is_common_field(const char *name)
{
	static const char *const common[] = { "Content-Type",
		"Content-Disposition", "Content-Transfer-Encoding",
		"Content-ID", "MIME-Version" };

	for (size_t i = 0; i < G_N_ELEMENTS(common); i++)
		if (g_ascii_strcasecmp(name, common[i]) == 0)
			return true;
	return false;
}

static void
read_part_fields(struct node *node, GMimeObject *object)
{
	GMimeHeaderList *list = g_mime_object_get_header_list(object);
	int count = g_mime_header_list_get_count(list);

	for (int i = 0; i < count; i++)
		if (!is_common_field(g_mime_header_get_name(
			g_mime_header_list_get_header_at(list, i))))
			node->more_fields = true;
}

static void
read_content_id(struct node *node, GMimeObject *object)
{
	const char *text = g_mime_object_get_content_id(object);
	g_autofree char *line = NULL;

	if (text == NULL)
		return;
	line = g_strstrip(charset_line(text));
	if (line[0] != '\0')
		node->content_id = g_steal_pointer(&line);
}

static enum part_encoding
read_encoding(struct node *node, GMimePart *part)
{
	switch (g_mime_part_get_content_encoding(part)) {
	case GMIME_CONTENT_ENCODING_BASE64:
		return PART_BASE64;
	case GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE:
		return PART_QUOTED_PRINTABLE;
	case GMIME_CONTENT_ENCODING_UUENCODE:
		return PART_UUENCODE;
	case GMIME_CONTENT_ENCODING_DEFAULT:
		/* an encoding nobody knows: the bytes as they are */
		if (g_mime_object_get_header(GMIME_OBJECT(part),
			"Content-Transfer-Encoding") != NULL)
			node->traits |= TRAIT_MALFORMED;
		return PART_IDENTITY;
	default:
		return PART_IDENTITY;
	}
}

static bool
is_enveloped(GMimePart *part)
{
	return GMIME_IS_APPLICATION_PKCS7_MIME(part) &&
	       g_mime_application_pkcs7_mime_get_smime_type(
		   GMIME_APPLICATION_PKCS7_MIME(part)) ==
		   GMIME_SECURE_MIME_TYPE_ENVELOPED_DATA;
}

static uint64_t
find_crypto_traits(const struct node *node, GMimePart *part)
{
	switch (g_mime_part_get_openpgp_data(part)) {
	case GMIME_OPENPGP_DATA_ENCRYPTED:
		return TRAIT_ENCRYPTED;
	case GMIME_OPENPGP_DATA_SIGNED:
		return TRAIT_SIGNED;
	default:
		break;
	}
	if (is_enveloped(part))
		return TRAIT_ENCRYPTED;
	if (node_is(node, "application/pkcs7-mime") ||
	    node_is(node, "application/x-pkcs7-mime"))
		return TRAIT_SIGNED;
	return 0;
}

/* The content's stream is a window on the spool: its bounds are offsets. */
static void
read_range(const struct reading *reading, struct node *node, GMimePart *part)
{
	GMimeDataWrapper *content = g_mime_part_get_content(part);
	GMimeStream *stream;
	uint64_t end;

	if (content == NULL)
		return;
	stream = g_mime_data_wrapper_get_stream(content);
	end =
	    stream->bound_end < 0 ? reading->size : (uint64_t)stream->bound_end;
	end = MIN(end, reading->size);
	node->offset = MIN((uint64_t)stream->bound_start, end);
	node->length = end - node->offset;
}

static void
find_offset(GMimeObject *object, gint64 *lowest)
{
	GMimeHeaderList *list = g_mime_object_get_header_list(object);
	int count = g_mime_header_list_get_count(list);

	for (int i = 0; i < count; i++) {
		gint64 offset = g_mime_header_get_offset(
		    g_mime_header_list_get_header_at(list, i));

		if (offset >= 0 && (*lowest < 0 || offset < *lowest))
			*lowest = offset;
	}
}

/* GMime does not say where a nested message lies: from its first field to the
 * next boundary of those around it. */
static void
read_message_range(
    const struct reading *reading, struct node *node, GMimeMessagePart *part)
{
	GMimeMessage *inner = g_mime_message_part_get_message(part);
	gint64 lowest = -1;

	if (inner != NULL) {
		GMimeObject *root = g_mime_message_get_mime_part(inner);

		find_offset(GMIME_OBJECT(inner), &lowest);
		if (root != NULL)
			find_offset(root, &lowest);
	}
	if (lowest < 0 || (uint64_t)lowest > reading->size) {
		node->traits |= TRAIT_MALFORMED;
		return;
	}
	node->offset = (uint64_t)lowest;
	node->length =
	    node_find_end(reading->spool, node->offset, reading->boundaries) -
	    node->offset;
}

static struct node *read_node(
    struct reading *reading, GMimeObject *object, unsigned depth);

static void
read_children(struct reading *reading, struct node *node,
    GMimeMultipart *multipart, unsigned depth)
{
	const char *boundary = g_mime_content_type_get_parameter(
	    g_mime_object_get_content_type(GMIME_OBJECT(multipart)),
	    "boundary");
	int count = g_mime_multipart_get_count(multipart);

	if (depth >= DEPTH_MAX || reading->nodes >= NODES_MAX) {
		node->traits |= TRAIT_MALFORMED;
		return;
	}
	if (boundary != NULL)
		g_ptr_array_add(reading->boundaries, (char *)boundary);
	for (int i = 0; i < count && reading->nodes < NODES_MAX; i++)
		g_ptr_array_add(node->children,
		    read_node(reading, g_mime_multipart_get_part(multipart, i),
			depth + 1));
	if (boundary != NULL)
		g_ptr_array_set_size(
		    reading->boundaries, (int)reading->boundaries->len - 1);
}

static enum node_kind
find_kind(GMimeObject *object)
{
	if (GMIME_IS_MULTIPART(object))
		return NODE_MULTIPART;
	if (GMIME_IS_MESSAGE_PART(object))
		return NODE_MESSAGE;
	return NODE_LEAF;
}

static struct node *
read_node(struct reading *reading, GMimeObject *object, unsigned depth)
{
	struct node *node = node_new(find_kind(object));

	reading->nodes++;
	read_type(node, object);
	read_disposition(node, object);
	read_content_id(node, object);
	/* those of the top are the message's fields */
	if (depth > 0)
		read_part_fields(node, object);
	if (node->kind == NODE_MULTIPART) {
		read_children(reading, node, GMIME_MULTIPART(object), depth);
	} else if (node->kind == NODE_MESSAGE) {
		read_message_range(reading, node, GMIME_MESSAGE_PART(object));
	} else if (GMIME_IS_PART(object)) {
		node->encoding = read_encoding(node, GMIME_PART(object));
		node->traits |= find_crypto_traits(node, GMIME_PART(object));
		read_range(reading, node, GMIME_PART(object));
	}
	return node;
}

/* A mail without any field, one whose header broke off (GMime would not agree
 * where the body begins), and one that GMime can make nothing of, is text. */
static struct node *
make_plain_root(const struct reading *reading)
{
	struct node *node = node_new(NODE_LEAF);

	node->type = g_strdup("text/plain");
	node->parameters = g_strdup("");
	node->offset = reading->message->header->end;
	node->length = reading->size - node->offset;
	return node;
}

/* True when GMime's header ends at the same empty line as the limiter's. */
static bool
agrees(const struct reading *reading, gint64 end)
{
	const struct header *header = reading->message->header;

	return end < 0 || (uint64_t)end + strlen("\r\n") == header->end;
}

/* NULL: what GMime takes for the body is not what we do.  It could hold fields
 * that are to stay hidden. */
static GMimeMessage *
run_gmime(struct reading *reading, GMimeStream *stream)
{
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *mail =
	    g_mime_parser_construct_message(parser, reading->gmime_options);
	gint64 end = g_mime_parser_get_headers_end(parser);

	g_object_unref(parser);
	if (!agrees(reading, end)) {
		reading->message->traits |= TRAIT_MALFORMED;
		g_clear_object(&mail);
	}
	return mail;
}

static struct node *
build_tree(struct reading *reading)
{
	GMimeStream *stream =
	    parse_stream_new(reading->spool, reading->message->header->start);
	struct node *root = NULL;
	GMimeObject *object = NULL;
	GMimeMessage *mail;

	mail = run_gmime(reading, stream);
	if (mail != NULL)
		object = g_mime_message_get_mime_part(mail);
	root = object == NULL ? make_plain_root(reading)
			      : read_node(reading, object, 0);
	if (mail != NULL)
		g_object_unref(mail);
	g_object_unref(stream);
	return root;
}

struct node *
parse_tree_read(struct message *message)
{
	struct reading reading = {
		.message = message,
		.spool = message->submission->spool,
		.size = spool_size(message->submission->spool),
	};
	struct node *root;

	if (message->submission->seen.header_broken)
		return make_plain_root(&reading);
	reading.gmime_options = g_mime_parser_options_new();
	g_mime_parser_options_set_warning_callback(
	    reading.gmime_options, on_warning, &reading);
	reading.boundaries = g_ptr_array_new();
	root = build_tree(&reading);
	g_ptr_array_unref(reading.boundaries);
	g_mime_parser_options_free(reading.gmime_options);
	return root;
}
