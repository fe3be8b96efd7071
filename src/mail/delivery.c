/* SPDX-License-Identifier: MIT */
#include "mail/delivery.h"

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
	return envelope_recipient(
	    delivery->message->submission->envelope, delivery->recipients[i]);
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
