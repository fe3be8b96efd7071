/* SPDX-License-Identifier: MIT */
#include "mail/event.h"

#include <string.h>

static const char *const texts[EVENT_KINDS] = {
	[EVENT_ACCEPTED] = "accepted",
	[EVENT_DELIVERED] = "delivered",
	[EVENT_DEFERRED] = "deferred",
	[EVENT_BOUNCED_HARD] = "bounced",
	[EVENT_BOUNCED_SOFT] = "soft-bounced",
	[EVENT_REJECTED] = "rejected",
	[EVENT_COMPLAINED] = "complained",
	[EVENT_UNSUBSCRIBED] = "unsubscribed",
	[EVENT_OPENED] = "opened",
	[EVENT_CLICKED] = "clicked",
};

struct event *
event_told_new(
    enum event_kind kind, const char *provider, const char *recipient)
{
	struct event *event = g_new0(struct event, 1);

	event->kind = kind;
	event->provider = g_strdup(provider);
	event->recipient = g_strdup(recipient);
	return event;
}

struct event *
event_copy(const struct event *event)
{
	struct event *copy = g_memdup2(event, sizeof *event);

	copy->provider = g_strdup(event->provider);
	copy->event_id = g_strdup(event->event_id);
	copy->mail_id = g_strdup(event->mail_id);
	copy->provider_id = g_strdup(event->provider_id);
	copy->message_id = g_strdup(event->message_id);
	copy->recipient = g_strdup(event->recipient);
	copy->enhanced = g_strdup(event->enhanced);
	copy->text = g_strdup(event->text);
	copy->tags = g_strdupv(event->tags);
	return copy;
}

void
event_told_free(void *object)
{
	struct event *event = object;

	if (event == NULL)
		return;
	g_free(event->provider);
	g_free(event->event_id);
	g_free(event->mail_id);
	g_free(event->provider_id);
	g_free(event->message_id);
	g_free(event->recipient);
	g_free(event->enhanced);
	g_free(event->text);
	g_strfreev(event->tags);
	g_free(event);
}

bool
event_is_proof(enum event_kind kind)
{
	return kind != EVENT_REJECTED;
}

bool
event_is_failure(enum event_kind kind)
{
	return kind == EVENT_BOUNCED_HARD || kind == EVENT_BOUNCED_SOFT ||
	       kind == EVENT_REJECTED;
}

const char *
event_kind_text(enum event_kind kind)
{
	return texts[kind];
}

bool
event_kind_read(const char *text, enum event_kind *kind)
{
	for (unsigned i = 0; i < EVENT_KINDS; i++) {
		if (strcmp(texts[i], text) == 0) {
			*kind = (enum event_kind)i;
			return true;
		}
	}
	return false;
}

struct event_batch *
event_batch_new(void)
{
	struct event_batch *batch = g_new0(struct event_batch, 1);

	batch->events = g_ptr_array_new_with_free_func(event_told_free);
	return batch;
}

void
event_batch_free(struct event_batch *batch)
{
	if (batch == NULL)
		return;
	g_ptr_array_unref(batch->events);
	g_free(batch);
}
