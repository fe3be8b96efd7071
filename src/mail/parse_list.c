/* SPDX-License-Identifier: MIT */
#include "mail/parse_list.h"

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
add_text(const char *text, GPtrArray *addresses)
{
	const char *end = g_str_has_suffix(text, "@" STAND_IN)
			      ? strrchr(text, '@')
			      : text + strlen(text);

	g_ptr_array_add(addresses, g_strndup(text, (gsize)(end - text)));
}

static void
add_texts(InternetAddressList *from, GPtrArray *addresses)
{
	int count = from == NULL ? 0 : internet_address_list_length(from);

	for (int i = 0; i < count; i++) {
		InternetAddress *one =
		    internet_address_list_get_address(from, i);

		if (INTERNET_ADDRESS_IS_GROUP(one))
			add_texts(internet_address_group_get_members(
				      INTERNET_ADDRESS_GROUP(one)),
			    addresses);
		else
			add_text(internet_address_mailbox_get_addr(
				     INTERNET_ADDRESS_MAILBOX(one)),
			    addresses);
	}
}

bool
parse_list_read(const char *text, GPtrArray *addresses)
{
	GMimeParserOptions *options = g_mime_parser_options_new();
	g_autofree char *qualified = qualify_body(text, STAND_IN);
	InternetAddressList *found;
	bool whole = true;

	g_mime_parser_options_set_warning_callback(options, on_warning, &whole);
	found = internet_address_list_parse(
	    options, qualified != NULL ? qualified : text);
	add_texts(found, addresses);
	g_clear_object(&found);
	g_mime_parser_options_free(options);
	return whole;
}
