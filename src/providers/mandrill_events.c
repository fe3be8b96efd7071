/* SPDX-License-Identifier: MIT */
#include "mandrill_events.h"

#include "diagnosis.h"
#include "mail/id.h"
#include "mandrill_account.h"
#include "mandrill_verdicts.h"
#include "query.h"
#include "response.h"

#include <json-c/json.h>
#include <string.h>

#define TEXT_MAX 512
#define ID_MAX   100

/* What a webhook calls it, and a search when it is the state of a mail. */
struct word {
	const char *event, *state;
	enum event_kind kind;
	bool again; /* there may be several, told apart by their time */
};

static const struct word words[] = {
	{ "send", "sent", EVENT_ACCEPTED, false },
	{ "delivered", "delivered", EVENT_DELIVERED, false },
	{ "deferral", NULL, EVENT_DEFERRED, true },
	{ "hard_bounce", "bounced", EVENT_BOUNCED_HARD, false },
	{ "soft_bounce", "soft-bounced", EVENT_BOUNCED_SOFT, false },
	{ "reject", "rejected", EVENT_REJECTED, false },
	{ "spam", "spam", EVENT_COMPLAINED, false },
	{ "unsub", "unsub", EVENT_UNSUBSCRIBED, false },
	{ "open", NULL, EVENT_OPENED, true },
	{ "click", NULL, EVENT_CLICKED, true },
};

static const struct word *
find_word(const char *text, bool state)
{
	for (unsigned i = 0; text != NULL && i < G_N_ELEMENTS(words); i++)
		if (g_strcmp0(state ? words[i].state : words[i].event, text) ==
		    0)
			return &words[i];
	return NULL;
}

static int64_t
read_time(struct json_object *object)
{
	struct json_object *time = NULL;

	if (!json_object_is_type(object, json_type_object) ||
	    !json_object_object_get_ex(object, "ts", &time))
		return 0;
	return json_object_get_int64(time) * 1000;
}

static char *
clean(const char *text)
{
	return text != NULL && *text != '\0'
		   ? verdict_clean(text, strlen(text), TEXT_MAX)
		   : NULL;
}

static void
read_diagnosis(const char *text, struct event *event)
{
	event->status = diagnosis_status(text);
	event->enhanced = diagnosis_enhanced(text);
}

/* Our id, where it is one. */
static char *
read_mail_id(struct json_object *message)
{
	const char *id =
	    response_member(query_member(message, "metadata", json_type_object),
		MANDRILL_ACCOUNT_METADATA);

	return id != NULL && strlen(id) == ID_LENGTH ? g_ascii_strup(id, -1)
						     : NULL;
}

static void
read_rejection(struct json_object *message, struct event *event)
{
	const char *reason = response_member(message, "reject_reason");

	if (reason == NULL)
		reason = response_member(message, "reject");
	if (reason == NULL)
		reason = response_member(
		    query_member(message, "reject", json_type_object),
		    "reason");
	if (reason == NULL)
		return;
	event->suppressed =
	    mandrill_verdicts_find(mandrill_verdicts_reasons, reason)
		->suppressed;
	event->text = clean(reason);
}

static char *
make_id(const struct word *word, const char *id, int64_t at_ms)
{
	if (!word->again)
		return g_strdup_printf("%.*s:%s", ID_MAX, id, word->event);
	return g_strdup_printf(
	    "%.*s:%s:%" G_GINT64_FORMAT, ID_MAX, id, word->event, at_ms / 1000);
}

static struct event *
read_message(const struct provider *provider, struct json_object *message,
    const struct word *word, int64_t at_ms)
{
	const char *email = response_member(message, "email");
	const char *id = response_member(message, "_id");
	const char *text = response_member(message, "diag");
	struct event *event;

	if (email == NULL || id == NULL)
		return NULL;
	event = event_told_new(word->kind, provider->name, email);
	event->at_ms = at_ms;
	event->event_id = make_id(word, id, at_ms);
	event->provider_id = g_strdup(id);
	event->mail_id = read_mail_id(message);
	event->tags = query_texts(message, "tags");
	read_diagnosis(text, event);
	if (word->kind == EVENT_REJECTED)
		read_rejection(message, event);
	if (event->text == NULL)
		event->text = clean(text != NULL ? text
						 : response_member(message,
						       "bounce_description"));
	return event;
}

struct event *
mandrill_events_read(const struct provider *provider, struct json_object *entry)
{
	const struct word *word =
	    find_word(response_member(entry, "event"), false);
	struct json_object *message =
	    query_member(entry, "msg", json_type_object);
	struct event *event;

	if (word == NULL || message == NULL)
		return NULL;
	event = read_message(provider, message, word, read_time(entry));
	if (event != NULL && event->kind == EVENT_CLICKED)
		event->text = clean(response_member(entry, "url"));
	return event;
}

/* The last thing a server said of it. */
static struct json_object *
find_last(struct json_object *message)
{
	struct json_object *list =
	    query_member(message, "smtp_events", json_type_array);
	size_t count = list != NULL ? json_object_array_length(list) : 0;

	return count > 0 ? json_object_array_get_idx(list, count - 1) : NULL;
}

struct event *
mandrill_events_find(
    const struct provider *provider, struct json_object *message)
{
	const struct word *word =
	    find_word(response_member(message, "state"), true);
	struct json_object *last = find_last(message);
	int64_t at_ms = read_time(last);
	struct event *event;

	if (word == NULL)
		return NULL;
	event = read_message(
	    provider, message, word, at_ms != 0 ? at_ms : read_time(message));
	if (event != NULL && event->text == NULL) {
		event->text = clean(response_member(last, "diag"));
		read_diagnosis(event->text, event);
	}
	return event;
}
