/* SPDX-License-Identifier: MIT */
#include "mail/composition.h"

#include <string.h>

/* What may stand in a display name outside quotes (RFC 5322 3.2.3), beside
 * blanks and what is beyond ASCII. */
#define ATOM_MARKS "!#$%&'*+-/=?^_`{|}~"

static void
free_pair(void *object)
{
	struct composition_pair *pair = object;

	g_free(pair->name);
	g_free(pair->value);
	g_free(pair);
}

static void
free_attachment(void *object)
{
	struct composition_attachment *attachment = object;

	g_free(attachment->name);
	g_free(attachment->type);
	g_free(attachment->content_id);
	g_clear_pointer(&attachment->bytes, spool_unref);
	g_free(attachment);
}

static void
free_error(void *object)
{
	struct composition_error *error = object;

	g_free(error->field);
	g_free(error->text);
	g_free(error);
}

struct composition *
composition_new(void)
{
	struct composition *composition = g_new0(struct composition, 1);

	composition->to = g_ptr_array_new_with_free_func(g_free);
	composition->cc = g_ptr_array_new_with_free_func(g_free);
	composition->bcc = g_ptr_array_new_with_free_func(g_free);
	composition->headers = g_ptr_array_new_with_free_func(free_pair);
	composition->attachments =
	    g_ptr_array_new_with_free_func(free_attachment);
	composition->tags = g_ptr_array_new_with_free_func(g_free);
	composition->metadata = g_ptr_array_new_with_free_func(free_pair);
	return composition;
}

static void
free_orders(struct composition *composition)
{
	g_ptr_array_unref(composition->tags);
	g_ptr_array_unref(composition->metadata);
	g_free(composition->track_opens);
	g_free(composition->track_clicks);
	g_free(composition->send_at);
	g_free(composition->route);
	g_free(composition->doubt);
}

void
composition_free(struct composition *composition)
{
	if (composition == NULL)
		return;
	g_free(composition->from);
	g_free(composition->sender);
	g_free(composition->reply_to);
	g_ptr_array_unref(composition->to);
	g_ptr_array_unref(composition->cc);
	g_ptr_array_unref(composition->bcc);
	g_free(composition->subject);
	g_clear_pointer(&composition->text, spool_unref);
	g_clear_pointer(&composition->html, spool_unref);
	g_ptr_array_unref(composition->headers);
	g_ptr_array_unref(composition->attachments);
	free_orders(composition);
	g_free(composition);
}

static void
add_pair(GPtrArray *pairs, const char *name, const char *value)
{
	struct composition_pair *pair = g_new0(struct composition_pair, 1);

	pair->name = g_strdup(name);
	pair->value = g_strdup(value);
	g_ptr_array_add(pairs, pair);
}

void
composition_add_header(
    struct composition *composition, const char *name, const char *value)
{
	add_pair(composition->headers, name, value);
}

void
composition_add_metadata(
    struct composition *composition, const char *key, const char *value)
{
	add_pair(composition->metadata, key, value);
}

struct composition_attachment *
composition_add_attachment(struct composition *composition)
{
	struct composition_attachment *attachment =
	    g_new0(struct composition_attachment, 1);

	g_ptr_array_add(composition->attachments, attachment);
	return attachment;
}

static bool
is_bare(const char *name)
{
	for (; *name != '\0'; name++)
		if (!g_ascii_isalnum(*name) && (unsigned char)*name < 0x80 &&
		    strchr(" " ATOM_MARKS, *name) == NULL)
			return false;
	return true;
}

static void
append_quoted(GString *mailbox, const char *name)
{
	g_string_append_c(mailbox, '"');
	for (; *name != '\0'; name++) {
		if (*name == '"' || *name == '\\')
			g_string_append_c(mailbox, '\\');
		g_string_append_c(mailbox, *name);
	}
	g_string_append_c(mailbox, '"');
}

char *
composition_mailbox(const char *name, const char *address)
{
	GString *mailbox;

	if (name == NULL || *name == '\0')
		return g_strdup(address);
	mailbox = g_string_new(NULL);
	if (is_bare(name))
		g_string_append(mailbox, name);
	else
		append_quoted(mailbox, name);
	g_string_append_printf(mailbox, " <%s>", address);
	return g_string_free(mailbox, FALSE);
}

void
composition_add_error(
    GPtrArray *errors, const char *field, const char *format, ...)
{
	struct composition_error *error = g_new0(struct composition_error, 1);
	va_list arguments;

	va_start(arguments, format);
	error->field = g_strdup(field);
	error->text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_ptr_array_add(errors, error);
}

GPtrArray *
composition_errors_new(void)
{
	return g_ptr_array_new_with_free_func(free_error);
}
