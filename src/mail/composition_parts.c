/* SPDX-License-Identifier: MIT */
#include "composition_parts.h"

#include "composition_text.h"
#include "parse_stream.h"
#include <gmime/gmime.h>
#include <string.h>

/* RFC 5322 2.1.1, without the line end. */
#define LINE_MAX_OCTETS 998

/* From so much of a text beyond ASCII on base64 is shorter. */
#define QUOTED_SHARE 6

struct building {
	const struct composition *composition;
	const char *id;
	unsigned boundaries;
};

bool
composition_parts_is_message(const char *type)
{
	return type != NULL && g_ascii_strncasecmp(type, "message/", 8) == 0;
}

/* ---- one part ---- */

/* Takes the stream over. */
static void
set_content(GMimePart *part, GMimeStream *stream)
{
	GMimeDataWrapper *content = g_mime_data_wrapper_new_with_stream(
	    stream, GMIME_CONTENT_ENCODING_DEFAULT);

	g_mime_part_set_content(part, content);
	g_object_unref(content);
	g_object_unref(stream);
}

static GMimeContentEncoding
choose_encoding(const struct spool *spool)
{
	struct composition_text text;

	if (!composition_text_read(spool, &text) || text.control)
		return GMIME_CONTENT_ENCODING_BASE64;
	if (text.eightbit == 0 && text.longest <= LINE_MAX_OCTETS)
		return GMIME_CONTENT_ENCODING_7BIT;
	return text.eightbit > spool_size(spool) / QUOTED_SHARE
		   ? GMIME_CONTENT_ENCODING_BASE64
		   : GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE;
}

/* GMime makes CR LF of LF, but for what it writes in base64. */
static GMimeObject *
make_text(const struct spool *spool, const char *subtype)
{
	GMimePart *part = g_mime_part_new_with_type("text", subtype);
	GMimeContentEncoding encoding = choose_encoding(spool);
	bool binary = encoding == GMIME_CONTENT_ENCODING_BASE64;
	FILE *file = composition_text_open(spool, binary ? "\r\n" : "\n");

	g_mime_object_set_content_type_parameter(
	    GMIME_OBJECT(part), "charset", "utf-8");
	g_mime_part_set_content_encoding(part, encoding);
	set_content(part, g_mime_stream_file_new(file));
	return GMIME_OBJECT(part);
}

static GMimeContentType *
make_type(const struct composition_attachment *attachment)
{
	return g_mime_content_type_parse(
	    NULL, attachment->type != NULL ? attachment->type
					   : "application/octet-stream");
}

static void
set_content_id(GMimeObject *part, const char *id)
{
	g_autofree char *bare = g_strdup(*id == '<' ? id + 1 : id);

	if (g_str_has_suffix(bare, ">"))
		bare[strlen(bare) - 1] = '\0';
	g_mime_object_set_content_id(part, bare);
}

static GMimeObject *
make_attachment(const struct composition_attachment *attachment)
{
	GMimePart *part = g_mime_part_new();
	GMimeObject *object = GMIME_OBJECT(part);
	GMimeContentType *type = make_type(attachment);
	bool message = composition_parts_is_message(attachment->type);

	g_mime_object_set_content_type(object, type);
	g_object_unref(type);
	g_mime_object_set_disposition(
	    object, attachment->in_line ? GMIME_DISPOSITION_INLINE
					: GMIME_DISPOSITION_ATTACHMENT);
	if (attachment->name != NULL)
		g_mime_part_set_filename(part, attachment->name);
	if (attachment->content_id != NULL)
		set_content_id(object, attachment->content_id);
	g_mime_part_set_content_encoding(
	    part, message ? GMIME_CONTENT_ENCODING_8BIT
			  : GMIME_CONTENT_ENCODING_BASE64);
	set_content(
	    part, message ? g_mime_stream_file_new(
				composition_text_open(attachment->bytes, "\n"))
			  : parse_stream_new(attachment->bytes, 0));
	return object;
}

/* ---- how they hang together ---- */

static GMimeMultipart *
make_multipart(struct building *building, const char *subtype)
{
	GMimeMultipart *multipart = g_mime_multipart_new_with_subtype(subtype);
	g_autofree char *boundary =
	    g_strdup_printf("=_%u_%s", ++building->boundaries, building->id);

	g_mime_multipart_set_boundary(multipart, boundary);
	return multipart;
}

/* Takes the part over. */
static void
add(GMimeMultipart *multipart, GMimeObject *part)
{
	g_mime_multipart_add(multipart, part);
	g_object_unref(part);
}

/* Shown within the html; else it stands beside it. */
static bool
is_related(const struct composition *composition,
    const struct composition_attachment *attachment)
{
	return composition->html != NULL && attachment->in_line &&
	       attachment->content_id != NULL;
}

static unsigned
count_related(const struct composition *composition)
{
	unsigned count = 0;

	for (unsigned i = 0; i < composition->attachments->len; i++)
		count +=
		    is_related(composition, composition->attachments->pdata[i]);
	return count;
}

static void
add_attachments(GMimeMultipart *multipart,
    const struct composition *composition, bool related)
{
	for (unsigned i = 0; i < composition->attachments->len; i++) {
		const struct composition_attachment *attachment =
		    composition->attachments->pdata[i];

		if (is_related(composition, attachment) == related)
			add(multipart, make_attachment(attachment));
	}
}

static GMimeObject *
make_html(struct building *building)
{
	const struct composition *composition = building->composition;
	GMimeObject *html = make_text(composition->html, "html");
	GMimeMultipart *related;

	if (count_related(composition) == 0)
		return html;
	related = make_multipart(building, "related");
	g_mime_object_set_content_type_parameter(
	    GMIME_OBJECT(related), "type", "text/html");
	add(related, html);
	add_attachments(related, composition, true);
	return GMIME_OBJECT(related);
}

/* NULL: there is neither text nor html. */
static GMimeObject *
make_body(struct building *building)
{
	const struct composition *composition = building->composition;
	GMimeMultipart *both;

	if (composition->html == NULL)
		return composition->text == NULL
			   ? NULL
			   : make_text(composition->text, "plain");
	if (composition->text == NULL)
		return make_html(building);
	both = make_multipart(building, "alternative");
	add(both, make_text(composition->text, "plain"));
	add(both, make_html(building));
	return GMIME_OBJECT(both);
}

static GMimeObject *
make_whole(struct building *building)
{
	const struct composition *composition = building->composition;
	GMimeObject *body = make_body(building);
	GMimeMultipart *mixed;

	if (body != NULL &&
	    composition->attachments->len == count_related(composition))
		return body;
	mixed = make_multipart(building, "mixed");
	if (body != NULL)
		add(mixed, body);
	add_attachments(mixed, composition, false);
	return GMIME_OBJECT(mixed);
}

/* ---- into the deposit ---- */

struct inlet {
	struct deposit *deposit;
	off64_t at;
};

static ssize_t
on_write(void *object, const char *bytes, size_t length)
{
	struct inlet *inlet = object;

	if (!deposit_put(inlet->deposit, bytes, length))
		return 0;
	inlet->at += (off64_t)length;
	return (ssize_t)length;
}

/* GMime goes to where it is before each write. */
static int
on_seek(void *object, off64_t *offset, int whence)
{
	const struct inlet *inlet = object;

	(void)whence;
	*offset = inlet->at;
	return 0;
}

static int
on_close(void *object)
{
	g_free(object);
	return 0;
}

static GMimeStream *
open_deposit(struct deposit *deposit)
{
	static const cookie_io_functions_t functions = {
		.write = on_write,
		.seek = on_seek,
		.close = on_close,
	};
	struct inlet *inlet = g_new0(struct inlet, 1);
	FILE *file;

	inlet->deposit = deposit;
	file = fopencookie(inlet, "w", functions);
	g_assert(file != NULL);
	return g_mime_stream_file_new(file);
}

/* GMime takes a spool that cannot be read for one that ends. */
static unsigned
count_faults(const struct composition *composition)
{
	unsigned faults = 0;

	if (composition->text != NULL)
		faults += spool_faults(composition->text);
	if (composition->html != NULL)
		faults += spool_faults(composition->html);
	for (unsigned i = 0; i < composition->attachments->len; i++) {
		const struct composition_attachment *attachment =
		    composition->attachments->pdata[i];

		faults += spool_faults(attachment->bytes);
	}
	return faults;
}

void
composition_parts_write(struct deposit *deposit,
    const struct composition *composition, const char *id)
{
	struct building building = { .composition = composition, .id = id };
	unsigned faults = count_faults(composition);
	GMimeFormatOptions *options = g_mime_format_options_new();
	GMimeStream *stream = open_deposit(deposit);
	GMimeObject *whole = make_whole(&building);

	g_mime_format_options_set_newline_format(
	    options, GMIME_NEWLINE_FORMAT_DOS);
	g_mime_object_write_to_stream(whole, options, stream);
	g_mime_stream_flush(stream);
	g_object_unref(whole);
	g_object_unref(stream);
	g_mime_format_options_free(options);
	if (count_faults(composition) != faults)
		deposit_break(deposit);
}
