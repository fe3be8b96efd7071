/* SPDX-License-Identifier: MIT */
#include "mail/hints.h"

#include "mail/message.h"
#include <string.h>

/* Only the first fault is told. */
G_GNUC_PRINTF(2, 3)
static void
add_fault(struct hints *hints, const char *format, ...)
{
	va_list arguments;

	if (hints->fault != NULL)
		return;
	va_start(arguments, format);
	hints->fault = g_strdup_vprintf(format, arguments);
	va_end(arguments);
}

/* The value of the one field of this name; NULL: there is none, or the fields
 * contradict each other, which is a fault. */
static char *
read_value(struct hints *hints, const struct header *header, const char *name)
{
	const GArray *fields = header->fields;
	g_autofree char *value = NULL;

	for (unsigned i = 0; i < fields->len; i++) {
		const struct header_field *field =
		    &g_array_index(fields, struct header_field, i);
		g_autofree char *text = NULL;

		if (g_ascii_strcasecmp(field->name, name) != 0)
			continue;
		text = message_field_text(field);
		if (value != NULL && strcmp(value, text) != 0) {
			add_fault(hints,
			    "it has two header fields %s that differ: \"%s\" "
			    "and \"%s\"; send it with one",
			    name, value, text);
			return NULL;
		}
		if (value == NULL)
			value = g_steal_pointer(&text);
	}
	return g_steal_pointer(&value);
}

static void
read_doubt(struct hints *hints, const struct header *header)
{
	g_autofree char *value = read_value(hints, header, HINTS_DOUBT);
	g_autofree char *word = NULL;

	if (value == NULL)
		return;
	word = g_ascii_strdown(value, -1);
	hints->has_doubt = doubt_policy_read(word, &hints->doubt);
	if (!hints->has_doubt)
		add_fault(hints,
		    "its header field " HINTS_DOUBT " is \"%s\"; expected "
		    "prefer_delivery, prefer_once or never_twice",
		    value);
}

static void
read_route(struct hints *hints, const struct header *header)
{
	hints->route = read_value(hints, header, HINTS_ROUTE);
	if (hints->route != NULL && *hints->route == '\0')
		add_fault(hints,
		    "its header field " HINTS_ROUTE " is empty; expected the "
		    "name of a route");
}

static void
read_suppress(struct hints *hints, const struct header *header)
{
	g_autofree char *value = read_value(hints, header, HINTS_SUPPRESS);

	if (value == NULL || g_ascii_strcasecmp(value, "yes") == 0)
		return;
	hints->unsuppressed = g_ascii_strcasecmp(value, "no") == 0;
	if (!hints->unsuppressed)
		add_fault(hints,
		    "its header field " HINTS_SUPPRESS " is \"%s\"; expected "
		    "yes or no",
		    value);
}

void
hints_read(struct hints *hints, const struct header *header)
{
	*hints = (struct hints){ 0 };
	read_doubt(hints, header);
	read_route(hints, header);
	read_suppress(hints, header);
}

void
hints_refuse_route(struct hints *hints, const char *why)
{
	add_fault(hints, "its header field " HINTS_ROUTE " is \"%s\", and %s",
	    hints->route, why);
}

char *
hints_tell_unknown(const char *route, const char *const *names)
{
	bool usual = g_strv_contains(names, HINTS_ROUTE_DEFAULT);
	g_autofree char *list = g_strjoinv(", ", (char **)names);

	if (g_strv_contains(names, route) ||
	    strcmp(route, HINTS_ROUTE_DEFAULT) == 0)
		return NULL;
	return g_strdup_printf("there is no such route; there are: %s%s%s",
	    list, usual || *list == '\0' ? "" : ", ",
	    usual ? "" : HINTS_ROUTE_DEFAULT);
}

char *
hints_tell_stranger(const char *listener)
{
	return g_strdup_printf("whoever is not in `allow` of [listener %s] may "
			       "name no route; leave the field out, or set "
			       "control_headers = yes there",
	    listener);
}

void
hints_clear(struct hints *hints)
{
	g_free(hints->route);
	g_free(hints->fault);
	*hints = (struct hints){ 0 };
}
