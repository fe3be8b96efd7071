/* SPDX-License-Identifier: MIT */
#include "mail/inquiry.h"

#include <string.h>

#define INQUIRY_TEXT_MAX 240

struct inquiry *
inquiry_new(const char *id, const char *message_id, const char *from_domain)
{
	struct inquiry *inquiry = g_new0(struct inquiry, 1);

	g_strlcpy(inquiry->id, id, sizeof inquiry->id);
	inquiry->message_id = g_strdup(message_id);
	inquiry->from_domain = g_strdup(from_domain);
	return inquiry;
}

void
inquiry_free(struct inquiry *inquiry)
{
	if (inquiry == NULL)
		return;
	for (unsigned i = 0; i < inquiry->count; i++) {
		g_free(inquiry->recipients[i].address);
		g_free(inquiry->recipients[i].id);
		g_free(inquiry->recipients[i].other);
		g_free(inquiry->recipients[i].text);
	}
	g_free(inquiry->recipients);
	g_free(inquiry->message_id);
	g_free(inquiry->from_domain);
	g_free(inquiry);
}

void
inquiry_add(struct inquiry *inquiry, const char *address)
{
	inquiry->recipients = g_renew(
	    struct inquiry_recipient, inquiry->recipients, inquiry->count + 1);
	inquiry->recipients[inquiry->count++] =
	    (struct inquiry_recipient){ .address = g_strdup(address) };
}

/* An id, behind which stands what became of the mail when that is not the
 * usual. */
static bool
is_other(const struct inquiry_recipient *one, const char *id)
{
	size_t length = one->other != NULL ? strlen(one->other) : 0;

	return length > 0 && id != NULL &&
	       strncmp(id, one->other, length) == 0 &&
	       (id[length] == '\0' || id[length] == ' ');
}

void
inquiry_except(struct inquiry *inquiry, unsigned number, const char *id)
{
	struct inquiry_recipient *one = &inquiry->recipients[number];

	g_free(one->other);
	one->other = g_strdup(id);
	if (!one->found || !is_other(one, one->id))
		return;
	one->found = one->refused = false;
	g_clear_pointer(&one->id, g_free);
	g_clear_pointer(&one->text, g_free);
}

bool
inquiry_find(struct inquiry *inquiry, const char *address, const char *id)
{
	bool found = false;

	for (unsigned i = 0; i < inquiry->count; i++) {
		struct inquiry_recipient *one = &inquiry->recipients[i];

		if ((address != NULL &&
			g_ascii_strcasecmp(one->address, address) != 0) ||
		    is_other(one, id))
			continue;
		g_free(one->id);
		one->id = g_strdup(id);
		one->found = found = true;
		one->refused = false;
		g_clear_pointer(&one->text, g_free);
	}
	return found;
}

static void
refuse(struct inquiry_recipient *one, const struct verdict *verdict)
{
	if (one->found && !one->refused)
		return;
	g_free(one->id);
	g_free(one->text);
	one->id = g_strdup(verdict->id);
	one->text = verdict_clean(
	    verdict->text, strlen(verdict->text), INQUIRY_TEXT_MAX);
	one->class = verdict->class;
	one->suppressed = verdict->suppressed;
	one->found = one->refused = true;
}

bool
inquiry_refuse(
    struct inquiry *inquiry, const char *address, const struct verdict *verdict)
{
	bool found = false;

	for (unsigned i = 0; i < inquiry->count; i++) {
		struct inquiry_recipient *one = &inquiry->recipients[i];

		if (g_ascii_strcasecmp(one->address, address) != 0 ||
		    is_other(one, verdict->id))
			continue;
		refuse(one, verdict);
		found = true;
	}
	return found;
}

void
inquiry_reply_clear(struct inquiry_reply *reply)
{
	g_free(reply->text);
	*reply = (struct inquiry_reply){ 0 };
}
