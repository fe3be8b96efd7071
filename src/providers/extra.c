/* SPDX-License-Identifier: MIT */
#include "extra.h"

#include "control.h"
#include "display.h"

/* Of the receiving host, and a lie once the mail is sent anew. */
#define RESULTS "Authentication-Results"

static void
free_extra(void *object)
{
	struct extra *extra = object;

	g_free(extra->name);
	g_free(extra->value);
	g_free(extra);
}

/* Takes the value over; NULL is none, and an empty one says nothing that an API
 * would not take for a mistake. */
static void
add_extra(GPtrArray *extras, const char *name, char *value)
{
	struct extra *extra;

	if (value == NULL || *value == '\0') {
		g_free(value);
		return;
	}
	extra = g_new0(struct extra, 1);
	extra->name = g_strdup(name);
	extra->value = value;
	for (char *at = value; *at != '\0'; at++)
		if (g_ascii_iscntrl(*at))
			*at = ' ';
	g_ptr_array_add(extras, extra);
}

static bool
has_extra(const GPtrArray *extras, const char *name)
{
	for (unsigned i = 0; i < extras->len; i++) {
		const struct extra *extra = extras->pdata[i];

		if (g_ascii_strcasecmp(extra->name, name) == 0)
			return true;
	}
	return false;
}

static bool
is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text > 0x7e)
			return false;
	return true;
}

/* What is ASCII stays as it is: an encoded word that is decoded in an address
 * field may bring a comma that was none. */
static char *
make_value(const struct header_field *field)
{
	if (is_ascii(field->body))
		return g_strdup(field->body);
	return message_field_text(field);
}

static void
add_others(GPtrArray *extras, const GArray *fields, const char *const *omit)
{
	for (unsigned i = 0; i < fields->len; i++) {
		const struct header_field *field =
		    &g_array_index(fields, struct header_field, i);

		if (field->name[0] == '\0' || !is_ascii(field->name) ||
		    message_field_is_own(field->name) ||
		    control_is_one(omit, field->name) ||
		    g_ascii_strcasecmp(field->name, RESULTS) == 0 ||
		    has_extra(extras, field->name))
			continue;
		add_extra(extras, field->name, make_value(field));
	}
}

static char *
make_reply_to(const struct delivery *delivery)
{
	const struct header_address *address = delivery_reply_to(delivery);

	if (address != NULL)
		return display_mailbox(address->name, address->spec);
	return display_list(delivery->message->reply_to);
}

GPtrArray *
extra_read(const struct delivery *delivery, const char *const *omit)
{
	const struct message *message = delivery->message;
	GPtrArray *extras = g_ptr_array_new_with_free_func(free_extra);
	const struct header_address *sender = message->sender;

	add_extra(extras, "Message-Id", g_strdup(message->message_id));
	add_extra(extras, "Date", g_strdup(message->date));
	if (sender != NULL && !delivery_drops_sender(delivery))
		add_extra(extras, "Sender",
		    display_mailbox(sender->name, sender->spec));
	add_extra(extras, "Reply-To", make_reply_to(delivery));
	add_extra(extras, "X-Original-To", delivery_original(delivery, ", "));
	add_others(extras, message->header->fields, omit);
	return extras;
}
