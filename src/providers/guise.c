/* SPDX-License-Identifier: MIT */
#include "guise.h"

#include "display.h"

static char *
print_mailbox(const struct header_address *address)
{
	return address != NULL ? display_field(address->name, address->spec)
			       : NULL;
}

void
guise_wear(struct guise *guise, const struct delivery *delivery,
    const char *add, struct raw_options *options)
{
	g_autofree char *original = delivery_original(delivery, ",\r\n\t");

	guise->from = print_mailbox(delivery->guise.from);
	guise->reply_to = print_mailbox(delivery_reply_to(delivery));
	guise->add = original == NULL ? g_strdup(add)
				      : g_strconcat("X-Original-To: ", original,
					    "\r\n", add, NULL);
	options->from = guise->from;
	options->reply_to = guise->reply_to;
	options->no_sender = delivery_drops_sender(delivery);
	options->add = guise->add;
}

void
guise_clear(struct guise *guise)
{
	g_free(guise->from);
	g_free(guise->reply_to);
	g_free(guise->add);
	*guise = (struct guise){ 0 };
}

unsigned
guise_narrow(const struct delivery *delivery, struct outcome *outcome)
{
	unsigned count = outcome->count;

	outcome->count = MIN(count, delivery_addresses(delivery));
	return count;
}

void
guise_widen(struct outcome *outcome, unsigned count)
{
	unsigned i = outcome->count;

	outcome->count = count;
	for (; i < count; i++) {
		struct verdict *verdict = &outcome->verdicts[i];

		g_free(verdict->id);
		g_free(verdict->text);
		*verdict = outcome->verdicts[0];
		verdict->id = g_strdup(verdict->id);
		verdict->text = g_strdup(verdict->text);
	}
}
