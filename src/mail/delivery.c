/* SPDX-License-Identifier: MIT */
#include "mail/delivery.h"

#include <string.h>

/* Of the recipients that X-Original-To names. */
#define ORIGINAL_MAX 10

struct delivery *
delivery_new(
    struct message *message, const unsigned *recipients, unsigned count)
{
	struct delivery *delivery = g_new0(struct delivery, 1);

	delivery->message = message_ref(message);
	delivery->recipients =
	    g_memdup2(recipients, count * sizeof *recipients);
	delivery->count = count;
	delivery->attempt = 1;
	return delivery;
}

void
delivery_free(struct delivery *delivery)
{
	if (delivery == NULL)
		return;
	message_unref(delivery->message);
	g_free(delivery->recipients);
	g_free(delivery);
}

const struct address *
delivery_recipient(const struct delivery *delivery, unsigned i)
{
	g_assert(i < delivery->count);
	if (delivery->guise.redirect != NULL)
		return delivery->guise.redirect;
	return envelope_recipient(
	    delivery->message->submission->envelope, delivery->recipients[i]);
}

unsigned
delivery_addresses(const struct delivery *delivery)
{
	return delivery->guise.redirect != NULL ? 1 : delivery->count;
}

const struct header_address *
delivery_from(const struct delivery *delivery)
{
	const struct message *message = delivery->message;

	if (delivery->guise.from != NULL)
		return delivery->guise.from;
	return message->from->len > 0 ? message->from->pdata[0] : NULL;
}

char *
delivery_from_domain(const struct delivery *delivery)
{
	const struct header_address *from = delivery_from(delivery);
	const char *at = from != NULL && from->spec != NULL
			     ? strrchr(from->spec, '@')
			     : NULL;

	return g_ascii_strdown(at != NULL ? at + 1 : "", -1);
}

static bool
has_field(const struct message *message, const char *name)
{
	const struct header_field *field = header_find(message->header, name);

	return field != NULL && field->body[0] != '\0';
}

const struct header_address *
delivery_reply_to(const struct delivery *delivery)
{
	const struct message *message = delivery->message;

	if (delivery->guise.from == NULL || message->from->len == 0 ||
	    has_field(message, "Reply-To"))
		return NULL;
	return message->from->pdata[0];
}

bool
delivery_drops_sender(const struct delivery *delivery)
{
	const struct message *message = delivery->message;

	if (delivery->guise.from == NULL || message->sender == NULL)
		return false;
	for (unsigned i = 0; i < message->from->len; i++) {
		const struct header_address *from = message->from->pdata[i];

		if (g_ascii_strcasecmp(from->spec, message->sender->spec) == 0)
			return true;
	}
	return false;
}

char *
delivery_original(const struct delivery *delivery, const char *separator)
{
	const struct envelope *envelope =
	    delivery->message->submission->envelope;
	GString *list;

	if (delivery->guise.redirect == NULL)
		return NULL;
	list = g_string_new(NULL);
	for (unsigned i = 0; i < MIN(delivery->count, ORIGINAL_MAX); i++)
		g_string_append_printf(list, "%s%s", i > 0 ? separator : "",
		    envelope_recipient(envelope, delivery->recipients[i])
			->text);
	return g_string_free(list, FALSE);
}

bool
delivery_is_for(
    const struct delivery *delivery, const struct header_address *address)
{
	return address->spec != NULL &&
	       delivery_find(delivery, address->spec) >= 0;
}

/* Two recipients may differ by the case of their local parts only: the one
 * that agrees to the letter goes first. */
int
delivery_find(const struct delivery *delivery, const char *spec)
{
	int found = -1;

	for (unsigned i = 0; i < delivery->count; i++) {
		const struct address *recipient =
		    delivery_recipient(delivery, i);

		if (g_strcmp0(recipient->text, spec) == 0)
			return (int)i;
		if (found < 0 && address_matches(recipient, spec))
			found = (int)i;
	}
	return found;
}
