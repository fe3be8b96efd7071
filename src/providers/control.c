/* SPDX-License-Identifier: MIT */
#include "control.h"

#include "mail/hints.h"
#include "translators.h"
#include <string.h>

bool
control_is_one(const char *const *names, const char *name)
{
	for (; *names != NULL; names++) {
		size_t length = strlen(*names);

		if (g_ascii_strcasecmp(*names, name) == 0 ||
		    ((*names)[length - 1] == '-' &&
			g_ascii_strncasecmp(*names, name, length) == 0))
			return true;
	}
	return false;
}

static void
set_error(const char *name, const char *bound, const char *type, GError **error)
{
	if (strcmp(bound, type) == 0)
		g_set_error(error, TRANSLATOR_ERROR, 0,
		    "the header field %s is honoured in raw mail only; use "
		    "format = auto or raw",
		    name);
	else
		g_set_error(error, TRANSLATOR_ERROR, 0,
		    "the header field %s asks for what only a provider with "
		    "type = %s can do, and without it this would be another "
		    "mail; send it by such a provider, or without that field",
		    name, bound);
}

bool
control_check(const struct delivery *delivery, const char *type, GError **error)
{
	const GArray *fields = delivery->message->header->fields;

	if (delivery->deaf)
		return true;
	for (unsigned i = 0; i < fields->len; i++) {
		const struct header_field *field =
		    &g_array_index(fields, struct header_field, i);
		const char *bound = hints_binding(field->name, field->body);

		if (bound == NULL || (strcmp(bound, type) == 0 &&
					 delivery->form == DELIVERY_RAW))
			continue;
		set_error(field->name, bound, type, error);
		return false;
	}
	return true;
}
