/* SPDX-License-Identifier: MIT */
#include "heading.h"
#include <stdbool.h>
#include <string.h>

#define ANYONE (HEADING_MAILGUN | HEADING_MANDRILL | HEADING_SMTP)

/* A header that must have been taken out, or everything that begins so. */
struct banned {
	const char *name;
	bool prefix;
	int readers; /* who must not see it */
};

static const struct banned banned[] = {
	{ "Bcc", false, ANYONE },
	{ "Resent-Bcc", false, ANYONE },
	{ "Return-Path", false, HEADING_MAILGUN | HEADING_MANDRILL },
	{ "X-Mailgun-", true, ANYONE },
	{ "X-MC-", true, HEADING_MAILGUN | HEADING_SMTP },
	{ "X-Mandrill-", true, ANYONE },
	{ "X-PM-", true, ANYONE },
	{ "X-SMTPAPI", false, ANYONE },
	{ "X-SES-", true, ANYONE },
	{ "X-MSYS-API", false, ANYONE },
	{ "X-Mailin-", true, ANYONE },
	{ "X-Mailjet-", true, ANYONE },
	{ "X-MJ-", true, ANYONE },
	{ "X-MailerSend-", true, ANYONE },
	{ "Resend-Idempotency-Key", false, ANYONE },
	{ "X-Postferry-", true, ANYONE },
};

/* Takes the next field, unfolded, off the head; NULL at its end. */
static char *
next_field(const char **head, const char *end)
{
	GString *field = g_string_new(NULL);
	const char *at = *head;

	while (at < end && *at != '\n' && *at != '\r') {
		const char *lf = memchr(at, '\n', (size_t)(end - at));
		const char *stop = lf != NULL ? lf : end;

		g_string_append_len(field, at, stop - at);
		at = lf != NULL ? lf + 1 : end;
		if (at == end || (*at != ' ' && *at != '\t'))
			break;
	}
	*head = at;
	g_strdelimit(field->str, "\r\n", ' ');
	return g_string_free(field, field->len == 0);
}

/* The field's name, or NULL when the line is none. */
static char *
read_name(const char *field)
{
	const char *colon = strchr(field, ':');

	return colon == NULL
		   ? NULL
		   : g_strchomp(g_strndup(field, (size_t)(colon - field)));
}

static bool
matches(const struct banned *row, const char *name)
{
	if (row->prefix)
		return g_ascii_strncasecmp(
			   row->name, name, strlen(row->name)) == 0;
	return g_ascii_strcasecmp(row->name, name) == 0;
}

void
heading_check_name(
    const char *name, enum heading_reader reader, GPtrArray *notes)
{
	for (size_t i = 0; i < G_N_ELEMENTS(banned); i++) {
		if ((banned[i].readers & (int)reader) != 0 &&
		    matches(&banned[i], name))
			g_ptr_array_add(
			    notes, g_strdup_printf(
				       "header %s inside the message", name));
	}
}

void
heading_check(const char *head, size_t length, enum heading_reader reader,
    GPtrArray *notes)
{
	const char *end = head + length;

	for (;;) {
		g_autofree char *field = next_field(&head, end);

		if (field == NULL)
			return;
		g_autofree char *name = read_name(field);
		if (name != NULL)
			heading_check_name(name, reader, notes);
		else
			g_ptr_array_add(notes,
			    g_strdup("a line of the header is no field"));
	}
}

char *
heading_find(const char *head, size_t length, const char *name)
{
	const char *end = head + length;

	for (;;) {
		g_autofree char *field = next_field(&head, end);

		if (field == NULL)
			return NULL;
		g_autofree char *found = read_name(field);
		if (found != NULL && g_ascii_strcasecmp(found, name) == 0)
			return g_strstrip(g_strdup(strchr(field, ':') + 1));
	}
}
