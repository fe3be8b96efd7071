/* SPDX-License-Identifier: MIT */
#include "mail/parse_list.h"

#include "charset.h"
#include "plain_mailbox.h"
#include "qualify.h"
#include <gmime/gmime.h>
#include <string.h>

static void
on_warning(gint64 offset, GMimeParserWarning warning, const gchar *item,
    gpointer user_data)
{
	bool *whole = user_data;

	(void)offset;
	(void)item;
	if (warning == GMIME_WARN_INVALID_ADDRESS_LIST)
		*whole = false;
}

/* Of an address without a domain GMime takes the local part for the beginning
 * of the next one's name ("root, Bob <bob@example.net>"): it gets this domain
 * as long as it is read. */
#define STAND_IN "stand-in.invalid"

static void
add_mailbox(const char *name, const char *text, GPtrArray *mailboxes)
{
	const char *end = g_str_has_suffix(text, "@" STAND_IN)
			      ? strrchr(text, '@')
			      : text + strlen(text);
	g_autofree char *spec = g_strndup(text, (gsize)(end - text));
	g_autofree char *line = name == NULL ? NULL : charset_line(name);

	g_ptr_array_add(mailboxes, header_address_new(line, spec));
}

static void
add_list(InternetAddressList *from, GPtrArray *mailboxes)
{
	int count = from == NULL ? 0 : internet_address_list_length(from);

	for (int i = 0; i < count; i++) {
		InternetAddress *one =
		    internet_address_list_get_address(from, i);

		if (INTERNET_ADDRESS_IS_GROUP(one))
			add_list(internet_address_group_get_members(
				     INTERNET_ADDRESS_GROUP(one)),
			    mailboxes);
		else
			add_mailbox(internet_address_get_name(one),
			    internet_address_mailbox_get_addr(
				INTERNET_ADDRESS_MAILBOX(one)),
			    mailboxes);
	}
}

static bool
read_by_gmime(const char *text, GPtrArray *mailboxes)
{
	GMimeParserOptions *options = g_mime_parser_options_new();
	g_autofree char *qualified = qualify_body(text, STAND_IN);
	InternetAddressList *found;
	bool whole = true;

	g_mime_parser_options_set_warning_callback(options, on_warning, &whole);
	found = internet_address_list_parse(
	    options, qualified != NULL ? qualified : text);
	add_list(found, mailboxes);
	g_clear_object(&found);
	g_mime_parser_options_free(options);
	return whole;
}

bool
parse_list_mailboxes(const char *text, GPtrArray *mailboxes)
{
	g_autofree char *name = NULL, *spec = NULL;

	if (!plain_mailbox_read(text, &name, &spec))
		return read_by_gmime(text, mailboxes);
	g_ptr_array_add(mailboxes, header_address_new(name, spec));
	return true;
}

static void
free_mailbox(void *mailbox)
{
	header_address_free(mailbox);
}

bool
parse_list_read(const char *text, GPtrArray *addresses)
{
	g_autoptr(GPtrArray) mailboxes =
	    g_ptr_array_new_with_free_func(free_mailbox);
	bool whole = parse_list_mailboxes(text, mailboxes);

	for (unsigned i = 0; i < mailboxes->len; i++) {
		const struct header_address *mailbox = mailboxes->pdata[i];

		g_ptr_array_add(addresses, g_strdup(mailbox->spec));
	}
	return whole;
}
