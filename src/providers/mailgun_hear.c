/* SPDX-License-Identifier: MIT */
#include "mailgun_hear.h"

#include "digest.h"
#include "mailgun_events.h"
#include "query.h"
#include "response.h"

#include <json-c/json.h>
#include <string.h>

#define TOKEN_MAX 128

/* The signature stands within: what anybody posts has to be read before it is
 * known whose it is, and takes forty times the memory.  An event has a few
 * kilobytes. */
#define JSON_MAX (256u * 1024)

#define FORM "application/x-www-form-urlencoded"

/* What it signs with, and when: texts, borrowed; NULL: missing. */
struct signature {
	const char *timestamp, *token, *hmac;
};

static enum webhook_end
verify(const struct provider *provider, const struct signature *signature,
    struct webhook *webhook)
{
	const struct provider_events *events = &provider->events;
	g_autoptr(GString) message = g_string_new(signature->timestamp);
	int64_t at_s;

	if (signature->timestamp == NULL || signature->token == NULL ||
	    signature->hmac == NULL || strlen(signature->token) > TOKEN_MAX)
		return WEBHOOK_FORGED;
	g_string_append(message, signature->token);
	if (!digest_fits_hex(G_CHECKSUM_SHA256, events->webhook_key, message,
		signature->hmac))
		return WEBHOOK_FORGED;
	at_s = g_ascii_strtoll(signature->timestamp, NULL, 10);
	if (at_s < (webhook->now_ms - events->webhook_age_ms) / 1000 ||
	    at_s > (webhook->now_ms + events->webhook_age_ms) / 1000)
		return WEBHOOK_LATE;
	webhook->token = g_strdup(signature->token);
	return WEBHOOK_GOOD;
}

/* ---- as JSON ---- */

/* A time may be a number. */
static const char *
read_text(struct json_object *object, const char *name)
{
	struct json_object *member = query_member(object, name, json_type_int);

	return member != NULL ? json_object_get_string(member)
			      : response_member(object, name);
}

static enum webhook_end
read_event(const struct provider *provider, struct json_object *json,
    struct webhook *webhook)
{
	struct json_object *object =
	    query_member(json, "event-data", json_type_object);
	struct event *event;

	if (object == NULL)
		return WEBHOOK_UNREADABLE;
	event = mailgun_events_read(provider, object);
	if (event != NULL)
		g_ptr_array_add(webhook->events, event);
	return WEBHOOK_GOOD;
}

static enum webhook_end
hear_json(const struct provider *provider, struct webhook *webhook)
{
	struct json_object *json =
	    webhook->length <= JSON_MAX
		? response_read(webhook->body, webhook->length)
		: NULL;
	struct json_object *object =
	    query_member(json, "signature", json_type_object);
	const struct signature signature = {
		.timestamp = read_text(object, "timestamp"),
		.token = read_text(object, "token"),
		.hmac = read_text(object, "signature"),
	};
	enum webhook_end end = verify(provider, &signature, webhook);

	if (end == WEBHOOK_GOOD)
		end = read_event(provider, json, webhook);
	json_object_put(json);
	return end;
}

/* ---- as a form ---- */

static const char *
field(GHashTable *form, const char *name)
{
	return g_hash_table_lookup(form, name);
}

/* A bounce was after the server had said so, or given up before. */
static bool
find_kind(GHashTable *form, struct mailgun_events_failure *failure,
    enum event_kind *kind, bool *suppressed)
{
	const char *word = field(form, "event");

	*suppressed = false;
	if (g_strcmp0(word, "bounced") == 0 ||
	    g_strcmp0(word, "dropped") == 0) {
		*kind = mailgun_events_judge(failure, suppressed);
		return true;
	}
	/* these are called the same ever since */
	return word != NULL && event_kind_read(word, kind) &&
	       !event_is_failure(*kind) && *kind != EVENT_DEFERRED;
}

static void
set_text(GHashTable *form, struct event *event)
{
	static const char *const names[] = { "error", "description", "reason",
		NULL };

	for (unsigned i = 0; names[i] != NULL && event->text == NULL; i++) {
		const char *text = field(form, names[i]);

		if (text != NULL && *text != '\0')
			event->text = verdict_clean(text, strlen(text), 512);
	}
}

/* It has no id of its own.  What happens once is the same whenever it is
 * told. */
static char *
make_id(GHashTable *form, const struct event *event)
{
	bool again =
	    event->kind == EVENT_OPENED || event->kind == EVENT_CLICKED;
	g_autofree char *text =
	    g_strdup_printf("%s\n%s\n%s\n%s", field(form, "event"),
		event->message_id != NULL ? event->message_id : "",
		event->recipient, again ? field(form, "timestamp") : "");

	return g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
}

static enum webhook_end
read_form(
    const struct provider *provider, GHashTable *form, struct webhook *webhook)
{
	const char *code = field(form, "code");
	struct mailgun_events_failure failure = {
		.reason = field(form, "reason"),
		.status = code != NULL
			      ? (unsigned)CLAMP(
				    g_ascii_strtoll(code, NULL, 10), 0, 9999)
			      : 0,
	};
	const char *recipient = field(form, "recipient");
	const char *message_id = field(form, "Message-Id");
	enum event_kind kind;
	bool suppressed;

	if (recipient == NULL)
		return WEBHOOK_UNREADABLE;
	if (!find_kind(form, &failure, &kind, &suppressed))
		return WEBHOOK_GOOD;
	struct event *event = event_told_new(kind, provider->name, recipient);
	mailgun_events_name(
	    event, message_id != NULL ? message_id : field(form, "message-id"));
	event->suppressed = suppressed;
	event->status = failure.status;
	event->at_ms =
	    g_ascii_strtoll(field(form, "timestamp"), NULL, 10) * 1000;
	set_text(form, event);
	event->event_id = make_id(form, event);
	g_ptr_array_add(webhook->events, event);
	return WEBHOOK_GOOD;
}

static enum webhook_end
hear_form(const struct provider *provider, struct webhook *webhook)
{
	/* of a field that stands there twice the last counts */
	g_autoptr(GHashTable) form = g_uri_parse_params(webhook->body,
	    (gssize)webhook->length, "&", G_URI_PARAMS_WWW_FORM, NULL);
	struct signature signature;
	enum webhook_end end;

	if (form == NULL)
		return WEBHOOK_FORGED;
	signature = (struct signature){
		.timestamp = field(form, "timestamp"),
		.token = field(form, "token"),
		.hmac = field(form, "signature"),
	};
	end = verify(provider, &signature, webhook);
	return end == WEBHOOK_GOOD ? read_form(provider, form, webhook) : end;
}

enum webhook_end
mailgun_hear(const struct provider *provider, struct webhook *webhook)
{
	if (webhook->type != NULL &&
	    g_ascii_strncasecmp(webhook->type, FORM, strlen(FORM)) == 0)
		return hear_form(provider, webhook);
	return hear_json(provider, webhook);
}
