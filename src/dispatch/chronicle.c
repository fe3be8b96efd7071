/* SPDX-License-Identifier: MIT */
/*
 * What is told of a flight: log lines for the operator, and the story, one
 * phrase per attempt, for the person who watches.
 */
#include "chronicle.h"

#include "core/log.h"
#include <string.h>

static const char *
form_text(enum delivery_form form)
{
	return form == DELIVERY_FIELDS ? "fields" : "raw";
}

static const char *
sender_text(const struct flight *flight)
{
	const struct address *sender =
	    flight->message->submission->envelope->sender;

	return sender != NULL ? sender->text : "<>";
}

/* Of the story, in bytes: a mail to a thousand may take a hundred attempts. */
#define STORY_MAX 2000

static void
add_to_story(struct flight *flight, const char *provider, const char *what,
    const char *text)
{
	GString *story = flight->story;

	if (story->len > STORY_MAX) {
		if (!g_str_has_suffix(story->str, "..."))
			g_string_append(story, "; ...");
		return;
	}
	if (story->len > 0)
		g_string_append(story, "; ");
	g_string_append_printf(story, "%s %s", provider, what);
	if (text != NULL && *text != '\0')
		g_string_append_printf(story, " (%s)", text);
}

void
chronicle_skip(struct flight *flight, const struct lane *lane, int64_t now_ms)
{
	uint32_t bit = 1u << lane->number;
	int64_t until = lane_until(lane, now_ms);
	g_autofree char *what = NULL;

	if (flight->skipped & bit)
		return;
	flight->skipped |= bit;
	if (until > now_ms)
		what = g_strdup_printf("is not asked for %" G_GINT64_FORMAT
				       " s more",
		    (until - now_ms + 999) / 1000);
	add_to_story(flight, lane->provider->name,
	    what != NULL ? what : "is not asked now", NULL);
}

static void
tell_changes(const struct flight *flight, const struct lane *lane)
{
	const GPtrArray *changes = flight->changes;

	for (unsigned i = 0; changes != NULL && i < changes->len; i++)
		log_warn("control header changed", FLIGHT_LOG(flight->message),
		    log_str("provider", lane->provider->name),
		    log_str("form", form_text(flight->plan.form)),
		    log_str("why", changes->pdata[i]));
}

/* Of a list in one line of the log, which cuts longer values. */
#define LIST_BYTES 240

/* The first of the losses, as many as a line takes; one at least. */
static uint64_t
take_losses(uint64_t losses)
{
	uint64_t some = 0;

	for (uint64_t left = losses; left != 0; left &= left - 1) {
		uint64_t more = some | (left & -left); /* the lowest bit */
		g_autofree char *text = plan_losses_text(more);

		if (some != 0 && strlen(text) > LIST_BYTES)
			break;
		some = more;
	}
	return some;
}

/* All of them, however many: what is not said would be lost in silence. */
void
chronicle_plan(const struct flight *flight, const struct lane *lane)
{
	const struct plan *plan = &flight->plan;
	uint64_t some;

	tell_changes(flight, lane);
	for (uint64_t left = plan->losses; left != 0; left &= ~some) {
		some = take_losses(left);
		g_autofree char *lost = plan_losses_text(some);
		log_warn("mail loses something", FLIGHT_LOG(flight->message),
		    log_str("provider", lane->provider->name),
		    log_str("form", form_text(plan->form)),
		    log_str("lost", lost));
	}
}

/* New string. */
static char *
name_recipients(const struct flight *flight)
{
	const struct delivery *delivery = flight->delivery;

	return envelope_tell(flight->message->submission->envelope,
	    delivery->recipients[0], delivery->count);
}

/* The last field, or none. */
static struct log_field
tell_redirect(const struct flight *flight)
{
	const struct address *redirect = flight->delivery->guise.redirect;

	return redirect != NULL ? log_str("redirected", redirect->text)
				: (struct log_field){ .type = LOG_TYPE_END };
}

static void
tell_accepted(struct flight *flight, const struct lane *lane,
    const struct verdict *verdict)
{
	/* raw is told with what fields would have lost */
	bool raw = flight->delivery->form == DELIVERY_RAW;
	g_autofree char *why =
	    raw ? plan_losses_text(flight->plan.avoided) : NULL;
	g_autofree char *what =
	    g_strdup_printf("took it as %s", form_text(flight->delivery->form));
	g_autofree char *to = name_recipients(flight);

	log_info("delivery accepted", FLIGHT_LOG(flight->message),
	    log_str("provider", lane->provider->name),
	    log_str("form", form_text(flight->delivery->form)),
	    log_str_if("why", why),
	    log_str("class", verdict_class_text(verdict->class)),
	    log_num_if("status", verdict->status), log_str("to", to),
	    log_num("recipients", flight->delivery->count),
	    log_num("ms", flight->exchange->duration_ms),
	    log_str_if("id", verdict->id), log_str_if("text", verdict->text),
	    tell_redirect(flight));
	add_to_story(flight, lane->provider->name, what, why);
}

static void
tell_not_accepted(struct flight *flight, const struct lane *lane,
    const struct outcome *outcome, const struct verdict *verdict)
{
	unsigned accepted = ledger_accepted(outcome);
	g_autofree char *to = name_recipients(flight);
	g_autofree char *what = NULL;

	log_warn("delivery failed", FLIGHT_LOG(flight->message),
	    log_str("provider", lane->provider->name),
	    log_str("form", form_text(flight->delivery->form)),
	    log_str("class", verdict_class_text(verdict->class)),
	    log_num_if("status", verdict->status), log_str("to", to),
	    log_num("recipients", flight->delivery->count),
	    log_num_if("accepted", accepted),
	    log_num("sent_bytes", (int64_t)flight->exchange->sent_bytes),
	    log_num("ms", flight->exchange->duration_ms),
	    log_str_if("text", verdict->text), tell_redirect(flight));
	if (accepted > 0)
		what = g_strdup_printf("took it for %u of %u; %s", accepted,
		    outcome->count, verdict_class_text(verdict->class));
	else
		what = g_strdup_printf(
		    "failed: %s", verdict_class_text(verdict->class));
	add_to_story(flight, lane->provider->name, what, verdict->text);
}

/* An answer that no row knows, in full, so that a row can be added. */
static void
tell_unknown(const struct flight *flight, const struct lane *lane)
{
	const struct exchange *exchange = flight->exchange;
	const GString *body = exchange->http_response.body;
	g_autofree char *text =
	    body ? verdict_clean(body->str, body->len, 240) : NULL;

	log_warn("answer unknown", FLIGHT_LOG(flight->message),
	    log_str("provider", lane->provider->name),
	    log_num("status", exchange->http_response.status),
	    log_str("content_type", exchange->http_response.content_type),
	    log_str("body", text));
}

void
chronicle_attempt(struct flight *flight, const struct lane *lane,
    const struct outcome *outcome)
{
	const struct verdict *verdict = judge_worst(outcome);

	if (outcome->unknown)
		tell_unknown(flight, lane);
	if (verdict->class == VERDICT_ACCEPTED)
		tell_accepted(flight, lane, verdict);
	else
		tell_not_accepted(flight, lane, outcome, verdict);
}

void
chronicle_failure(struct flight *flight, const struct lane *lane)
{
	log_warn("delivery impossible", FLIGHT_LOG(flight->message),
	    log_str("provider", lane->provider->name),
	    log_str("why", flight->error->message));
	add_to_story(flight, lane->provider->name, "cannot carry it",
	    flight->error->message);
}

void
chronicle_doubt(const struct flight *flight, unsigned recipients)
{
	log_warn("doubt waited out", FLIGHT_LOG(flight->message),
	    log_num("recipients", recipients),
	    log_str("duplicate", "possible"));
}

void
chronicle_spent(struct flight *flight, const char *provider, unsigned doubts)
{
	g_autofree char *what = g_strdup_printf("may have it, and %u attempts "
						"ended in doubt: not sent "
						"again now",
	    doubts);

	if (strstr(flight->story->str, what) != NULL)
		return;
	log_warn("doubted too often, not sent again",
	    FLIGHT_LOG(flight->message), log_str("provider", provider),
	    log_num("doubts", doubts),
	    log_str("advice", "look at that provider: it takes mail and does "
			      "not say so"));
	add_to_story(flight, provider, what, NULL);
}

void
chronicle_found(struct flight *flight, const char *provider)
{
	add_to_story(flight, provider, "has it, as it said when asked", NULL);
}

static void
tell_watcher(const struct dispatcher *dispatcher, const struct flight *flight,
    const struct answer *answer)
{
	const struct submission *submission = flight->message->submission;
	struct dispatch_event event = {
		.id = submission->id,
		.sender = sender_text(flight),
		.recipients = flight->ledger->count,
		.subject = flight->message->subject,
		.size_bytes = spool_size(submission->spool),
		.code = answer->code,
		.story =
		    flight->story->len > 0 ? flight->story->str : answer->text,
	};

	dispatcher->options.event(dispatcher->options.object, &event);
}

void
chronicle_end(const struct dispatcher *dispatcher, const struct flight *flight,
    const struct answer *answer)
{
	const struct submission *submission = flight->message->submission;
	const struct ledger *ledger = flight->ledger;

	log_info("mail answered", FLIGHT_LOG(flight->message),
	    log_num("code", answer->code), log_num("recipients", ledger->count),
	    log_num("accepted", ledger_count(ledger, RECIPIENT_ACCEPTED)),
	    log_num("refused", ledger_count(ledger, RECIPIENT_REFUSED)),
	    log_num("doubt", ledger_count(ledger, RECIPIENT_DOUBT)),
	    log_num("attempts", flight->attempts),
	    log_num(
		"ms", dispatcher_wall(dispatcher) - submission->received_ms),
	    log_str("text", answer->text));
	if (dispatcher->options.event != NULL)
		tell_watcher(dispatcher, flight, answer);
}
