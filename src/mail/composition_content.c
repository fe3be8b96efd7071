/* SPDX-License-Identifier: MIT */
#include "composition_content.h"

#include "composition_parts.h"
#include "composition_text.h"
#include <string.h>

/* RFC 5322 2.1.1, without the line end. */
#define LINE_MAX_OCTETS 998

#define CONTENT_ID_MAX 250

#define EXPECTED_TYPE \
	"expected is a type like image/png or text/csv; charset=utf-8"

/* What no header may hold; NULL: nothing. */
static const char *
find_fault(const char *text)
{
	if (!g_utf8_validate(text, -1, NULL))
		return "it is not UTF-8";
	for (; *text != '\0'; text++)
		if ((*text >= '\0' && *text < ' ') || *text == 0x7f)
			return "a line end or another control character is in "
			       "it";
	return NULL;
}

bool
composition_content_line(
    GPtrArray *errors, const char *field, const char *text, size_t bytes_max)
{
	const char *fault = find_fault(text);

	if (fault != NULL)
		composition_add_error(errors, field, "%s", fault);
	else if (strlen(text) > bytes_max)
		composition_add_error(
		    errors, field, "it is longer than %zu bytes", bytes_max);
	else
		return true;
	return false;
}

static void
check_text(GPtrArray *errors, const char *field, const struct spool *spool)
{
	struct composition_text text;

	if (spool == NULL || !composition_text_read(spool, &text))
		return;
	if (!text.utf8)
		composition_add_error(errors, field, "it is not UTF-8");
	if (text.nul)
		composition_add_error(
		    errors, field, "a NUL character is in it");
}

static bool
is_token(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (text[i] <= ' ' || text[i] > '~' ||
		    strchr("()<>@,;:\\\"/[]?=", text[i]) != NULL)
			return false;
	return length > 0;
}

/* type/subtype, and parameters of visible ASCII (RFC 2045 5.1). */
static bool
is_type(const char *type)
{
	size_t whole = strcspn(type, ";");
	const char *slash = memchr(type, '/', whole);
	size_t length = whole;

	while (length > 0 && type[length - 1] == ' ')
		length--;
	return slash != NULL && slash < type + length &&
	       is_token(type, (size_t)(slash - type)) &&
	       is_token(slash + 1, (size_t)(type + length - slash - 1)) &&
	       g_str_is_ascii(type);
}

/* A mail within the mail may not be encoded. */
static bool
is_carried_plain(const struct spool *bytes)
{
	struct composition_text text;

	return composition_text_read(bytes, &text) && !text.nul &&
	       text.longest <= LINE_MAX_OCTETS;
}

static void
check_type(GPtrArray *errors, const char *field,
    const struct composition_attachment *attachment)
{
	const char *type = attachment->type;

	if (type == NULL || !composition_content_line(
				errors, field, type, COMPOSITION_NAME_MAX))
		return;
	if (!is_type(type))
		composition_add_error(
		    errors, field, "\"%s\"; " EXPECTED_TYPE, type);
	else if (g_ascii_strncasecmp(type, "multipart/", 10) == 0)
		composition_add_error(errors, field,
		    "an attachment is no multipart; say its parts as "
		    "attachments");
	else if (composition_parts_is_message(type) &&
		 !is_carried_plain(attachment->bytes))
		composition_add_error(errors, field,
		    "%s may hold no NUL and no line over %d bytes; send it as "
		    "application/octet-stream",
		    type, LINE_MAX_OCTETS);
}

static void
check_name(GPtrArray *errors, const char *field, const char *name)
{
	if (name == NULL || !composition_content_line(
				errors, field, name, COMPOSITION_NAME_MAX))
		return;
	if (*name == '\0' || strpbrk(name, "/\\") != NULL ||
	    strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		composition_add_error(errors, field,
		    "\"%s\"; expected is the name of a file without a path",
		    name);
}

static void
check_content_id(GPtrArray *errors, const char *field, const char *id)
{
	size_t length = id == NULL ? 0 : strlen(id);
	bool open = length > 0 && id[0] == '<';
	bool close = length > 0 && id[length - 1] == '>';
	bool good =
	    open == close && length > 2u * open && length <= CONTENT_ID_MAX;

	if (id == NULL)
		return;
	for (size_t i = open; good && i < length - close; i++)
		good = id[i] > ' ' && id[i] <= '~' &&
		       strchr("<>()\\\",;:[]", id[i]) == NULL;
	if (!good)
		composition_add_error(errors, field,
		    "expected is an id of 1 to %d characters like "
		    "logo@example.com or logo.png",
		    CONTENT_ID_MAX);
}

static void
check_attachment(GPtrArray *errors, unsigned number,
    const struct composition_attachment *attachment)
{
	g_autofree char *name = g_strdup_printf("attachments[%u].name", number);
	g_autofree char *type = g_strdup_printf("attachments[%u].type", number);
	g_autofree char *id =
	    g_strdup_printf("attachments[%u].content_id", number);

	check_name(errors, name, attachment->name);
	check_type(errors, type, attachment);
	check_content_id(errors, id, attachment->content_id);
}

void
composition_content_check(
    const struct composition *composition, GPtrArray *errors)
{
	const GPtrArray *attachments = composition->attachments;
	unsigned count = attachments->len;

	if (composition->text == NULL && composition->html == NULL &&
	    count == 0)
		composition_add_error(errors, "text",
		    "there is neither text nor html nor an attachment");
	check_text(errors, "text", composition->text);
	check_text(errors, "html", composition->html);
	if (count > COMPOSITION_ATTACHMENTS_MAX)
		composition_add_error(errors, "attachments",
		    "there are %u; one mail may have %d", count,
		    COMPOSITION_ATTACHMENTS_MAX);
	for (unsigned i = 0; i < MIN(count, COMPOSITION_ATTACHMENTS_MAX); i++)
		check_attachment(errors, i, attachments->pdata[i]);
}
