/* SPDX-License-Identifier: MIT */
#include "control.h"

#include "translators.h"
#include <string.h>

/* Orders that change who gets the mail, when, or what stands in it. */
static const char *const binding[] = { "X-Mailgun-Drop-Message",
	"X-Mailgun-Require-TLS", "X-Mailgun-Recipient-Variables",
	"X-Mailgun-Template-", "X-Mailgun-Deliver-By", "X-MC-Template",
	"X-MC-MergeVars", "X-MC-SendAt", NULL };

static const char *const negations[] = { "no", "false", "0", NULL };

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

bool
control_check(const struct message *message, GError **error)
{
	const GArray *fields = message->header->fields;

	for (unsigned i = 0; i < fields->len; i++) {
		const struct header_field *field =
		    &g_array_index(fields, struct header_field, i);

		if (!control_is_one(binding, field->name) ||
		    control_is_one(negations, field->body))
			continue;
		g_set_error(error, TRANSLATOR_ERROR, 0,
		    "the header field %s asks for what is not offered here, "
		    "and without it this would be another mail; send it "
		    "without that field",
		    field->name);
		return false;
	}
	return true;
}
