/* SPDX-License-Identifier: MIT */
#include "control.h"

#include "core/clock.h"
#include "translators.h"
#include <string.h>

bool
control_is_one(const char *const *names, const char *name)
{
	for (; names != NULL && *names != NULL; names++) {
		size_t length = strlen(*names);

		if (g_ascii_strcasecmp(*names, name) == 0 ||
		    ((*names)[length - 1] == '-' &&
			g_ascii_strncasecmp(*names, name, length) == 0))
			return true;
	}
	return false;
}

static void
set_error(const struct option_value *bar, const struct options_rules *rules,
    GError **error)
{
	if (bar->dialect != NULL && strcmp(bar->dialect, rules->type) != 0)
		g_set_error(error, TRANSLATOR_ERROR, 0,
		    "the header field %s asks for what only a provider with "
		    "type = %s can do, and without it this would be another "
		    "mail; send it by such a provider, or without that field",
		    bar->field, bar->dialect);
	else
		g_set_error(error, TRANSLATOR_ERROR, 0,
		    "%s asks for what a provider with type = %s cannot do, "
		    "and without it this would be another mail; send it by "
		    "another one, or without that",
		    bar->field, rules->type);
}

bool
control_check(const struct delivery *delivery,
    const struct options_rules *rules, GError **error)
{
	const struct option_value *bar =
	    options_fit_bar(delivery, rules, clock_wall_ms());

	if (bar != NULL) {
		set_error(bar, rules, error);
		return false;
	}
	if (delivery->form == DELIVERY_RAW || delivery->options == NULL)
		return true;
	bar = options_find_raw(delivery->options);
	if (bar == NULL)
		return true;
	g_set_error(error, TRANSLATOR_ERROR, 0,
	    "%s is honoured in raw mail only; use format = auto or raw",
	    bar->field);
	return false;
}
