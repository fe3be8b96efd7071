/* SPDX-License-Identifier: MIT */
#include "mail/hints.h"

#include <string.h>

struct binding {
	const char *name; /* that ends with -: a prefix */
	const char *type; /* of the provider */
};

static const struct binding bindings[] = {
	{ "X-Mailgun-Drop-Message", "mailgun" },
	{ "X-Mailgun-Require-TLS", "mailgun" },
	{ "X-Mailgun-Recipient-Variables", "mailgun" },
	{ "X-Mailgun-Template-", "mailgun" },
	{ "X-Mailgun-Deliver-By", "mailgun" },
	{ "X-MC-Template", "mandrill" },
	{ "X-MC-MergeVars", "mandrill" },
	{ "X-MC-SendAt", "mandrill" },
};

static const char *const negations[] = { "no", "false", "0" };

static bool
has_name(const struct binding *binding, const char *name)
{
	size_t length = strlen(binding->name);

	if (binding->name[length - 1] == '-')
		return g_ascii_strncasecmp(binding->name, name, length) == 0;
	return g_ascii_strcasecmp(binding->name, name) == 0;
}

static bool
is_negation(const char *value)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(negations); i++)
		if (g_ascii_strcasecmp(negations[i], value) == 0)
			return true;
	return false;
}

const char *
hints_binding(const char *name, const char *value)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(bindings); i++)
		if (has_name(&bindings[i], name))
			return is_negation(value) ? NULL : bindings[i].type;
	return NULL;
}

void
hints_read(struct hints *hints, const struct message *message)
{
	(void)message;
	*hints = (struct hints){ 0 };
}

void
hints_clear(struct hints *hints)
{
	g_free(hints->route);
	g_free(hints->fault);
	*hints = (struct hints){ 0 };
}
