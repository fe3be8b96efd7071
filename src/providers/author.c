/* SPDX-License-Identifier: MIT */
#include "author.h"

#include "translators.h"
#include <string.h>

/* An address that is not ASCII is unreadable to the parser: then the field
 * itself is looked at. */
static bool
has_ascii_from(const struct message *message)
{
	const struct header_field *field = header_find(message->header, "From");
	const char *spec;

	if (message->from->len > 0 || field == NULL)
		return true;
	spec = strrchr(field->body, '<');
	return g_str_is_ascii(spec != NULL ? spec : field->body);
}

bool
author_check(
    const struct delivery *delivery, const char *service, GError **error)
{
	if (delivery->guise.from != NULL || has_ascii_from(delivery->message))
		return true;
	g_set_error(error, TRANSLATOR_ERROR, 0,
	    "the From address is not ASCII, and %s cannot send for such an "
	    "address; use an ASCII one",
	    service);
	return false;
}

const struct header_address *
author_find(
    const struct delivery *delivery, const char *service, GError **error)
{
	const struct header_address *from = delivery_from(delivery);

	if (from != NULL)
		return from;
	if (author_check(delivery, service, error))
		g_set_error(error, TRANSLATOR_ERROR, 0,
		    "%s needs a From that can be read when a mail is sent as "
		    "fields; use format = auto or raw",
		    service);
	return NULL;
}
