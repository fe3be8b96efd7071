/* SPDX-License-Identifier: MIT */
#include "parts_page.h"

#include "mail/parts.h"
#include "message_page.h"
#include "pictures.h"

#include <errno.h>
#include <string.h>

/* /v1/messages/ID/parts/NUMBER */
#define NUMBER_SEGMENT 4

/* What a mail brings is shown within a frame of ours, as a document of no
 * origin: no scripts, no forms, nothing from elsewhere. */
#define SEALED      "sandbox; default-src 'none'; frame-ancestors 'self'"
#define SEALED_HTML SEALED "; img-src data:; style-src 'unsafe-inline'"

static const struct parts_one *
get_one(const struct parts *parts, unsigned number)
{
	return &g_array_index(parts->list, struct parts_one, number);
}

/* The mail's parts; NULL: the request is answered. */
static struct parts *
read_parts(
    const struct page *page, struct spool **spool, struct status_answer *answer)
{
	struct parts *parts;

	*spool = message_page_find(page, answer);
	if (*spool == NULL)
		return NULL;
	parts = parts_read(*spool);
	if (parts != NULL)
		return parts;
	page_refuse(
	    answer, 503, "the mail cannot be read: %s", g_strerror(errno));
	g_clear_pointer(spool, spool_unref);
	return NULL;
}

/* ---- the list ---- */

/* True of a text that is fit to be shown. */
static bool
is_text(const struct parts_one *one, const char *type)
{
	return !one->multipart && strcmp(one->type, type) == 0 &&
	       one->decoded_size <= PARTS_TEXT_MAX &&
	       g_strcmp0(one->disposition, "attachment") != 0;
}

/* True of the mail's own text, and of its HTML: the first of each. */
static bool
is_shown(const struct parts *parts, unsigned number)
{
	const struct parts_one *one = get_one(parts, number);

	if (!is_text(one, "text/plain") && !is_text(one, "text/html"))
		return false;
	for (unsigned i = 0; i < number; i++)
		if (is_text(get_one(parts, i), one->type))
			return false;
	return true;
}

static struct json_object *
write_one(const struct parts *parts, unsigned number)
{
	const struct parts_one *one = get_one(parts, number);
	struct json_object *object = json_object_new_object();
	bool shown = is_shown(parts, number);

	page_add_number(object, "number", number);
	page_add_number(object, "level", one->level);
	page_add_text(object, "type", one->type);
	page_add_text(object, "name", one->name);
	page_add_text(object, "disposition", one->disposition);
	page_add_text(object, "content_id", one->content_id);
	page_add_text(object, "charset", one->charset);
	if (one->multipart)
		page_add_text(object, "size_bytes", NULL);
	else
		page_add_number(object, "size_bytes", one->decoded_size);
	page_add_flag(object, "shown", shown);
	page_add_flag(object, "attachment", !shown && !one->multipart);
	return object;
}

void
parts_page_list(const struct page *page, struct status_answer *answer)
{
	struct json_object *object, *list;
	struct spool *spool;
	struct parts *parts = read_parts(page, &spool, answer);

	if (parts == NULL)
		return;
	object = json_object_new_object();
	list = json_object_new_array();
	for (unsigned i = 0; i < parts->list->len; i++)
		json_object_array_add(list, write_one(parts, i));
	page_add_text(object, "opaque", parts->opaque);
	json_object_object_add(object, "parts", list);
	page_answer(answer, object);
	parts_free(parts);
	spool_unref(spool);
}

/* ---- a content ---- */

/* A file as a browser saves it (RFC 6266 4.3): its name for those that know
 * extended values (RFC 8187), and in ASCII. */
static char *
write_disposition(const struct parts_one *one, unsigned number)
{
	g_autofree char *fallback = g_strdup_printf("part-%u", number);
	const char *name = one->name != NULL ? one->name : fallback;
	g_autofree char *extended = g_uri_escape_string(name, NULL, FALSE);
	GString *out = g_string_new("attachment; filename=\"");

	for (; *name != '\0'; name++)
		if ((*name & 0x80) == 0)
			g_string_append_c(out, strchr("\"\\%", *name) == NULL &&
						       g_ascii_isprint(*name)
						   ? *name
						   : '_');
	g_string_append_printf(out, "\"; filename*=UTF-8''%s", extended);
	return g_string_free(out, FALSE);
}

static void
answer_text(const struct page *page, const struct spool *spool,
    const struct parts *parts, const struct parts_one *one,
    struct status_answer *answer)
{
	bool html = strcmp(one->type, "text/html") == 0;
	g_autoptr(GBytes) text = parts_text(spool, one);

	if (text == NULL) {
		page_refuse(answer, 503, "the mail cannot be read: %s",
		    g_strerror(errno));
		return;
	}
	answer->code = 200;
	answer->type =
	    html ? "text/html; charset=utf-8" : "text/plain; charset=utf-8";
	answer->policy = html ? SEALED_HTML : SEALED;
	answer->body =
	    html ? pictures_embed(text, spool, parts, page->options->place)
		 : g_string_new_len(g_bytes_get_data(text, NULL),
		       (gssize)g_bytes_get_size(text));
}

static void
answer_file(const struct page *page, const struct spool *spool,
    const struct parts_one *one, struct status_answer *answer)
{
	const char *picture = pictures_type(one);

	answer->spool = parts_decode(spool, one, page->options->place);
	if (answer->spool == NULL) {
		page_refuse(answer, 503, "the part cannot be decoded: %s",
		    g_strerror(errno));
		return;
	}
	answer->code = 200;
	answer->type = picture != NULL ? picture : "application/octet-stream";
	answer->policy = SEALED;
}

/* The part that the path names; NULL: there is none. */
static const struct parts_one *
find_part(const struct page *page, const struct parts *parts, guint64 *number)
{
	const char *text = page->target->segments[NUMBER_SEGMENT];
	const struct parts_one *one;

	if (!g_ascii_string_to_unsigned(
		text, 10, 0, parts->list->len - 1, number, NULL))
		return NULL;
	one = get_one(parts, (unsigned)*number);
	return one->multipart ? NULL : one;
}

static void
answer_part(const struct page *page, const struct spool *spool,
    const struct parts *parts, struct status_answer *answer)
{
	guint64 number;
	const struct parts_one *one = find_part(page, parts, &number);

	if (one == NULL) {
		page_refuse(answer, 404,
		    "the mail has no part %s with a content; "
		    "/v1/messages/ID/parts says which it has",
		    page->target->segments[NUMBER_SEGMENT]);
		return;
	}
	if (is_text(one, "text/plain") || is_text(one, "text/html")) {
		answer_text(page, spool, parts, one, answer);
		return;
	}
	answer_file(page, spool, one, answer);
	if (answer->code == 200)
		answer->disposition = write_disposition(one, (unsigned)number);
}

void
parts_page_content(const struct page *page, struct status_answer *answer)
{
	struct spool *spool;
	struct parts *parts = read_parts(page, &spool, answer);

	if (parts == NULL)
		return;
	answer_part(page, spool, parts, answer);
	parts_free(parts);
	spool_unref(spool);
}
