/* SPDX-License-Identifier: MIT */
#include "mailgun_events.h"

#include "diagnosis.h"
#include "mailgun_page.h"
#include "query.h"
#include "response.h"

#include <json-c/json.h>
#include <string.h>

#define TEXT_MAX 512
#define ID_MAX   160
#define DAY_MS   INT64_C(86400000)

static const struct {
	const char *word;
	enum event_kind kind;
} words[] = {
	{ "accepted", EVENT_ACCEPTED },
	{ "delivered", EVENT_DELIVERED },
	{ "failed", EVENT_BOUNCED_HARD }, /* or another: see below */
	{ "rejected", EVENT_REJECTED },
	{ "complained", EVENT_COMPLAINED },
	{ "unsubscribed", EVENT_UNSUBSCRIBED },
	{ "opened", EVENT_OPENED },
	{ "clicked", EVENT_CLICKED },
};

/* Mailgun gave up for another cause than the mailbox: it was too old, or the
 * server refuses our mail for whose it is. */
static const char *const soft_reasons[] = { "old", "espblock", "greylisted",
	"blacklisted", NULL };

/* RFC 3463: the mailbox is full, the mail is too large; the server;
 * the way there; the protocol; the content; our reputation. */
static const char *const soft_codes[] = { "5.2.2", "5.2.3", "5.3.", "5.4.",
	"5.5.", "5.6.", "5.7.", NULL };

static bool
is_soft(const struct mailgun_events_failure *failure)
{
	if (failure->reason != NULL &&
	    g_strv_contains(soft_reasons, failure->reason))
		return true;
	for (unsigned i = 0; failure->enhanced != NULL && soft_codes[i] != NULL;
	     i++)
		if (g_str_has_prefix(failure->enhanced, soft_codes[i]))
			return true;
	/* 498 and 499: no MX, nobody there */
	return (failure->status >= 400 && failure->status <= 499) ||
	       failure->status == 552;
}

enum event_kind
mailgun_events_judge(
    const struct mailgun_events_failure *failure, bool *suppressed)
{
	*suppressed = !failure->temporary && failure->reason != NULL &&
		      g_str_has_prefix(failure->reason, "suppress-");
	if (failure->temporary)
		return EVENT_DEFERRED;
	if (*suppressed)
		return EVENT_REJECTED;
	return is_soft(failure) ? EVENT_BOUNCED_SOFT : EVENT_BOUNCED_HARD;
}

void
mailgun_events_name(struct event *event, const char *message_id)
{
	if (message_id == NULL || *message_id == '\0')
		return;
	event->message_id = *message_id == '<'
				? g_strdup(message_id)
				: g_strdup_printf("<%s>", message_id);
	event->provider_id = g_strdup(event->message_id);
}

/* "a@b", "A B <a@b>": of several nobody is meant. */
static char *
read_mailbox(const char *text)
{
	const char *open = text != NULL ? strchr(text, '<') : NULL;
	const char *close = open != NULL ? strchr(open, '>') : NULL;

	if (text == NULL || *text == '\0' || strchr(text, ',') != NULL)
		return NULL;
	return close != NULL ? g_strndup(open + 1, (size_t)(close - open - 1))
			     : g_strdup(text);
}

/* Of some events only the mail's own header says it. */
static char *
read_recipient(struct json_object *object)
{
	struct json_object *message =
	    query_member(object, "message", json_type_object);
	struct json_object *headers =
	    query_member(message, "headers", json_type_object);
	struct json_object *envelope =
	    query_member(object, "envelope", json_type_object);
	const char *text = response_member(object, "recipient");

	if (text == NULL)
		text = response_member(envelope, "targets");
	if (text == NULL)
		text = response_member(headers, "to");
	return read_mailbox(text);
}

/* An id is unique within a day only. */
static char *
make_id(const char *id, int64_t at_ms)
{
	return g_strdup_printf(
	    "%.*s@%" G_GINT64_FORMAT, ID_MAX, id, at_ms / DAY_MS);
}

static unsigned
read_number(struct json_object *object, const char *name)
{
	struct json_object *member = NULL;

	if (!json_object_is_type(object, json_type_object) ||
	    !json_object_object_get_ex(object, name, &member))
		return 0;
	/* some are texts */
	return (unsigned)CLAMP(json_object_get_int64(member), 0, 9999);
}

static char *
clean(const char *text)
{
	return text != NULL && *text != '\0'
		   ? verdict_clean(text, strlen(text), TEXT_MAX)
		   : NULL;
}

static void
read_status(struct json_object *object, struct event *event)
{
	/* null now and then */
	struct json_object *status =
	    query_member(object, "delivery-status", json_type_object);
	const char *text = response_member(status, "message");
	const char *enhanced = response_member(status, "enhanced-code");
	struct mailgun_events_failure failure = {
		.temporary = g_strcmp0(response_member(object, "severity"),
				 "temporary") == 0,
		.reason = response_member(object, "reason"),
		.status = read_number(status, "code"),
	};

	if (text == NULL || *text == '\0')
		text = response_member(status, "description");
	if (enhanced == NULL)
		enhanced = response_member(status, "bounce-code");
	event->status = failure.status;
	event->enhanced =
	    enhanced != NULL ? clean(enhanced) : diagnosis_enhanced(text);
	event->text = clean(text);
	failure.enhanced = event->enhanced;
	if (g_strcmp0(response_member(object, "event"), "failed") == 0)
		event->kind =
		    mailgun_events_judge(&failure, &event->suppressed);
	if (event->text == NULL && event_is_failure(event->kind))
		event->text = clean(failure.reason);
}

static void
read_text(struct json_object *object, struct event *event)
{
	struct json_object *reject =
	    query_member(object, "reject", json_type_object);

	read_status(object, event);
	if (event->text == NULL && reject != NULL)
		event->text = clean(response_member(reject, "reason"));
	if (event->kind == EVENT_CLICKED)
		event->text = clean(response_member(object, "url"));
}

static bool
find_kind(struct json_object *object, enum event_kind *kind)
{
	const char *word = response_member(object, "event");

	for (unsigned i = 0; word != NULL && i < G_N_ELEMENTS(words); i++) {
		*kind = words[i].kind;
		if (strcmp(words[i].word, word) == 0)
			return true;
	}
	return false;
}

struct event *
mailgun_events_read(const struct provider *provider, struct json_object *object)
{
	g_autofree char *recipient = read_recipient(object);
	const char *id = response_member(object, "id");
	enum event_kind kind;
	struct event *event;

	if (recipient == NULL || id == NULL || !find_kind(object, &kind))
		return NULL;
	event = event_told_new(kind, provider->name, recipient);
	event->at_ms = mailgun_page_time(object);
	event->event_id = make_id(id, event->at_ms);
	mailgun_events_name(event, mailgun_page_message_id(object));
	read_text(object, event);
	event->tags = query_texts(object, "tags");
	return event;
}
