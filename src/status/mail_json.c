/* SPDX-License-Identifier: MIT */
#include "mail_json.h"

#include "page.h"

/* What a provider said: nothing is null, not a word or a number. */
static void
add_verdict(struct json_object *object, bool said, enum verdict_class class,
    unsigned status)
{
	page_add_text(object, "class", said ? verdict_class_text(class) : NULL);
	if (said && status != 0)
		page_add_number(object, "status", status);
	else
		json_object_object_add(object, "status", NULL);
}

static struct json_object *
write_names(char *const *names)
{
	struct json_object *array = json_object_new_array();

	for (; names != NULL && *names != NULL; names++)
		json_object_array_add(array, json_object_new_string(*names));
	return array;
}

/* Since when it is in doubt, what came of asking, and until when that is
 * waited for; of one that is in no doubt now only how often it was. */
static void
add_doubt(struct json_object *object, const struct recipient *is)
{
	bool now = is->state == RECIPIENT_DOUBT;

	page_add_time(object, "until", now ? is->until_ms : 0);
	page_add_number(object, "doubts", is->doubts);
	page_add_time(object, "since", now ? is->since_ms : 0);
	page_add_number(object, "asks", now ? is->asks : 0);
	page_add_time(object, "absent", now ? is->absent_ms : 0);
}

/* NULL: nothing was said. */
static struct json_object *
write_notify(unsigned notify)
{
	static const struct {
		unsigned notify;
		const char *word;
	} words[] = {
		{ ENVELOPE_NOTIFY_NEVER, "never" },
		{ ENVELOPE_NOTIFY_SUCCESS, "success" },
		{ ENVELOPE_NOTIFY_FAILURE, "failure" },
		{ ENVELOPE_NOTIFY_DELAY, "delay" },
	};
	struct json_object *array;

	if (notify == ENVELOPE_NOTIFY_UNSAID)
		return NULL;
	array = json_object_new_array();
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		if ((notify & words[i].notify) != 0)
			json_object_array_add(
			    array, json_object_new_string(words[i].word));
	return array;
}

static void
add_wish(struct json_object *object, const struct store_recipient *recipient)
{
	const struct envelope_wish *wish = &recipient->wish;

	json_object_object_add(object, "notify", write_notify(wish->notify));
	page_add_text(object, "original_recipient", wish->original);
	page_add_flag(object, "success_told", recipient->is.told);
}

static const char *
tell_return(enum envelope_return returned)
{
	switch (returned) {
	case ENVELOPE_RETURN_HEADERS:
		return "headers";
	case ENVELOPE_RETURN_FULL:
		return "full";
	case ENVELOPE_RETURN_UNSAID:
		break;
	}
	return NULL;
}

static struct json_object *
write_recipient(const struct store_recipient *recipient)
{
	const struct recipient *is = &recipient->is;
	struct json_object *object = json_object_new_object();
	bool said = is->provider != NULL && is->class != VERDICT_NONE;

	page_add_text(object, "address", recipient->address);
	page_add_text(object, "state", recipient_state_text(is->state));
	page_add_text(object, "provider", is->provider);
	page_add_text(object, "provider_id", is->id);
	add_verdict(object, said, is->class, is->status);
	page_add_text(object, "text", is->text);
	page_add_flag(object, "suppressed", is->suppressed);
	json_object_object_add(
	    object, "refused_by", write_names(is->refused_by));
	add_doubt(object, is);
	add_wish(object, recipient);
	return object;
}

static struct json_object *
write_recipients(const struct store_mail *mail)
{
	struct json_object *array = json_object_new_array();

	for (unsigned i = 0; i < mail->recipients->len; i++)
		json_object_array_add(
		    array, write_recipient(mail->recipients->pdata[i]));
	return array;
}

/* The addresses of an attempt.  Its numbers come from the disk. */
static struct json_object *
write_addresses(
    const struct store_mail *mail, const struct journal_attempt *attempt)
{
	struct json_object *array = json_object_new_array();

	for (unsigned i = 0; i < attempt->count; i++) {
		unsigned number = attempt->recipients[i];

		if (number >= mail->recipients->len)
			continue;
		const struct store_recipient *recipient =
		    mail->recipients->pdata[number];
		g_autofree char *valid =
		    g_utf8_make_valid(recipient->address, -1);
		json_object_array_add(array, json_object_new_string(valid));
	}
	return array;
}

static struct json_object *
write_attempt(
    const struct store_mail *mail, const struct journal_attempt *attempt)
{
	struct json_object *object = json_object_new_object();
	bool ended = attempt->ended_ms != 0;

	page_add_number(object, "number", attempt->number);
	page_add_text(object, "provider", attempt->provider);
	page_add_text(
	    object, "form", attempt->form == DELIVERY_RAW ? "raw" : "fields");
	json_object_object_add(
	    object, "recipients", write_addresses(mail, attempt));
	page_add_text(object, "redirected", attempt->redirect);
	page_add_time(object, "begun", attempt->begun_ms);
	page_add_time(object, "ended", attempt->ended_ms);
	/* the wall clock may have been set back meanwhile */
	if (ended && attempt->ended_ms >= attempt->begun_ms)
		page_add_number(object, "duration_ms",
		    (uint64_t)(attempt->ended_ms - attempt->begun_ms));
	else
		json_object_object_add(object, "duration_ms", NULL);
	page_add_number(object, "sent_bytes", attempt->sent_bytes);
	add_verdict(object, ended, attempt->class, attempt->status);
	page_add_text(object, "text", attempt->text);
	return object;
}

static void
add_attempts(struct json_object *object, const struct store_mail *mail)
{
	struct json_object *array = json_object_new_array();

	for (unsigned i = 0; i < mail->attempts->len; i++)
		json_object_array_add(
		    array, write_attempt(mail, mail->attempts->pdata[i]));
	json_object_object_add(object, "attempts", array);
}

static void
add_acts(struct json_object *object, const struct store_mail *mail)
{
	struct json_object *array = json_object_new_array();

	for (unsigned i = 0; i < mail->acts->len; i++) {
		const struct store_act *act = mail->acts->pdata[i];
		struct json_object *one = json_object_new_object();

		page_add_time(one, "at", act->at_ms);
		page_add_text(one, "what", act->what);
		page_add_text(one, "who", act->who);
		json_object_array_add(array, one);
	}
	json_object_object_add(object, "acts", array);
}

static struct json_object *
write_event(const struct store_event *event)
{
	struct json_object *object = json_object_new_object();

	page_add_text(object, "kind", event_kind_text(event->kind));
	page_add_text(object, "provider", event->provider);
	page_add_text(object, "recipient", event->recipient);
	page_add_time(object, "at", event->at_ms);
	page_add_time(object, "heard", event->heard_ms);
	if (event->status != 0)
		page_add_number(object, "status", event->status);
	else
		json_object_object_add(object, "status", NULL);
	page_add_text(object, "enhanced", event->enhanced);
	page_add_text(object, "text", event->text);
	page_add_text(object, "event_id", event->event_id);
	return object;
}

static void
add_events(struct json_object *object, const struct store_mail *mail)
{
	struct json_object *array = json_object_new_array();

	for (unsigned i = 0; i < mail->events->len; i++)
		json_object_array_add(
		    array, write_event(mail->events->pdata[i]));
	json_object_object_add(object, "events", array);
}

struct json_object *
mail_json_new(const struct store_mail *mail, unsigned parts)
{
	struct json_object *object = json_object_new_object();
	enum store_place place = mail->place;

	page_add_text(object, "id", mail->id);
	page_add_text(object, "state", store_place_text(place));
	page_add_time(object, "received", mail->received_ms);
	page_add_time(object, "due", place == STORE_WAITING ? mail->due_ms : 0);
	page_add_time(object, "finished",
	    place == STORE_FINISHED ? mail->finished_ms : 0);
	page_add_text(object, "listener", mail->listener);
	page_add_text(object, "peer", mail->peer);
	page_add_text(object, "helo", mail->helo);
	page_add_text(object, "protocol", mail->protocol);
	page_add_text(object, "user", mail->user);
	page_add_text(object, "envid", mail->envid);
	page_add_text(object, "return", tell_return(mail->returned));
	page_add_text(object, "sender", mail->sender);
	page_add_text(object, "from", mail->from);
	page_add_text(object, "subject", mail->subject);
	json_object_object_add(object, "tags", write_names(mail->tags));
	page_add_number(object, "size_bytes", mail->size_bytes);
	page_add_flag(object, "report", mail->report);
	page_add_number(object, "rounds", mail->rounds);
	page_add_text(object, "hold", place == STORE_HELD ? mail->hold : NULL);
	if ((parts & STORE_RECIPIENTS) != 0)
		json_object_object_add(
		    object, "recipients", write_recipients(mail));
	if ((parts & STORE_ATTEMPTS) != 0)
		add_attempts(object, mail);
	if ((parts & STORE_ACTS) != 0)
		add_acts(object, mail);
	if ((parts & STORE_EVENTS) != 0)
		add_events(object, mail);
	return object;
}
