/* SPDX-License-Identifier: MIT */
/*
 * What is told of a mail of the queue when it leaves the dispatcher.
 */
#include "closing.h"

#include "core/clock.h"
#include "core/log.h"
#include "entry.h"
#include "lane_state.h"
#include <string.h>

static const struct submission *
find_submission(const struct flight *flight)
{
	return flight->message->submission;
}

static const char *
sender_text(const struct flight *flight)
{
	const struct address *sender =
	    find_submission(flight)->envelope->sender;

	return sender != NULL ? sender->text : "<>";
}

void
closing_take(const struct flight *flight)
{
	const struct ledger *ledger = flight->ledger;

	log_info("mail taken over", FLIGHT_LOG(flight->message),
	    log_num("recipients", ledger->count),
	    log_num("accepted", ledger_count(ledger, RECIPIENT_ACCEPTED)),
	    log_num("refused", ledger_count(ledger, RECIPIENT_REFUSED)),
	    log_num("doubt", ledger_count(ledger, RECIPIENT_DOUBT)),
	    log_num("open", ledger_count(ledger, RECIPIENT_OPEN)));
}

/* The first that is held now, in words: "<a@example.org>: mailgun: no such
 * user; held, as ...".  New string. */
static char *
tell_held(const struct flight *flight)
{
	const struct envelope *envelope = find_submission(flight)->envelope;

	for (unsigned i = 0; i < flight->ledger->count; i++) {
		const struct ledger_recipient *r =
		    &flight->ledger->recipients[i];
		if (r->state == RECIPIENT_HELD &&
		    flight->record.states[i] != RECIPIENT_HELD)
			return g_strdup_printf("<%s>: %s",
			    envelope_recipient(envelope, i)->text,
			    r->text != NULL ? r->text : flight->landing.hold);
	}
	return g_strdup(flight->landing.hold);
}

void
closing_hold(const struct flight *flight, unsigned recipients)
{
	const char *id = find_submission(flight)->id;
	g_autofree char *held = tell_held(flight);
	g_autofree char *text = g_strdup_printf(
	    "mail %s from %s is held: %s", id, sender_text(flight), held);
	g_autofree char *advice = g_strdup_printf(
	    "see 'postferry queue list --state held', and 'postferry why %s', "
	    "then 'postferry queue release %s' or 'postferry queue drop %s'",
	    id, id, id);

	log_error("mail held", FLIGHT_LOG(flight->message),
	    log_str("sender", sender_text(flight)),
	    log_num("recipients", recipients),
	    log_str("why", flight->landing.hold), log_str("first", held));
	alarms_ring(
	    flight->dispatcher->alarms, &(struct alarm){ .kind = "mail_held",
					    .subject = id,
					    .group = flight->landing.hold,
					    .text = text,
					    .advice = advice });
}

/* So begins what is said of one that nobody was asked to take. */
#define UNTRIED "no provider was asked: "

/* "mailgun is paused until 2026-...": nothing of one that could be. */
static void
add_lane(GString *text, const struct lane *lane, int64_t now_ms)
{
	enum lane_mode mode = lane_mode(lane, now_ms);
	int64_t until = lane_until(lane, now_ms);
	char date[CLOCK_RFC3339_LENGTH];

	g_string_append_printf(text, "%s%s is %s", text->len > 0 ? ", " : "",
	    lane->provider->name,
	    mode == LANE_OPEN ? "busy, or not for this mail now"
			      : lane_state_word(mode));
	if (until <= now_ms)
		return;
	clock_rfc3339(until + lane->apart_ms, date);
	g_string_append_printf(text, " until %s", date);
}

static char *
tell_lanes(const struct dispatcher *dispatcher, const struct flight *flight,
    unsigned group)
{
	const struct flight_group *of = &flight->groups[group];
	g_autoptr(GString) text = g_string_new(NULL);
	int64_t now = dispatcher_now(dispatcher);

	for (unsigned i = 0; i < of->order_count; i++)
		add_lane(text, dispatcher->lanes[of->order[i]], now);
	return g_strconcat(UNTRIED, text->str, NULL);
}

void
closing_explain(const struct dispatcher *dispatcher, struct flight *flight)
{
	if (dispatcher_cuts(dispatcher, flight))
		return;
	for (unsigned i = 0; i < flight->ledger->count; i++) {
		struct ledger_recipient *r = &flight->ledger->recipients[i];
		if (r->state != RECIPIENT_WAITING ||
		    r->provider != LEDGER_NOBODY ||
		    (r->text != NULL && !g_str_has_prefix(r->text, UNTRIED)) ||
		    flight->groups[r->group].order_count == 0)
			continue;
		g_free(r->text);
		r->text = tell_lanes(dispatcher, flight, r->group);
		/* as the store was told it is not true any more */
		flight->record.states[i] = RECIPIENT_OPEN;
	}
}

void
closing_soften(const struct flight *flight, unsigned recipients)
{
	log_warn("mail would bounce, waits (soft_bounce)",
	    FLIGHT_LOG(flight->message), log_str("sender", sender_text(flight)),
	    log_num("recipients", recipients),
	    log_str("story", flight->story->str));
}

static const struct {
	const char *action; /* for the log */
	const char *event;  /* of the log: it was made */
	const char *note;   /* so its note begins */
} reports[] = {
	[BOUNCE_FAILED] = { "failed", "bounce made", BOUNCE_NOTE },
	[BOUNCE_DELAYED] = { "delayed", "warning made", BOUNCE_NOTE_WARNING },
	[BOUNCE_RELAYED] = { "relayed", "report made", BOUNCE_NOTE_SUCCESS },
};

static const char *
action_text(const struct flight *flight)
{
	return reports[flight->landing.options.action].action;
}

/* For who asks later whether its sender was told. */
static void
note_report(struct flight *flight)
{
	const struct flight_landing *landing = &flight->landing;

	entry_note(flight,
	    g_strdup_printf("%s%s made for %s, about %u recipient%s",
		reports[landing->options.action].note, landing->report->id,
		sender_text(flight), landing->told->len,
		landing->told->len == 1 ? "" : "s"));
}

void
closing_silence(struct flight *flight, unsigned recipients)
{
	log_info("bounce not wanted", FLIGHT_LOG(flight->message),
	    log_str("sender", sender_text(flight)),
	    log_num("recipients", recipients));
	entry_note(flight,
	    g_strdup_printf("no bounce about %u refused recipient%s: the "
			    "sender asked for none (NOTIFY)",
		recipients, recipients == 1 ? "" : "s"));
}

static void
note_no_success(struct flight *flight, unsigned recipients, const char *why)
{
	entry_note(flight,
	    g_strdup_printf("no report of success about %u recipient%s, as %s",
		recipients, recipients == 1 ? "" : "s", why));
}

void
closing_drop(struct flight *flight, unsigned recipients)
{
	note_no_success(
	    flight, recipients, "too many such reports were made that minute");
}

void
closing_withhold(struct flight *flight, unsigned recipients, const char *why)
{
	log_info("report of success not made", FLIGHT_LOG(flight->message),
	    log_str("sender", sender_text(flight)),
	    log_num("recipients", recipients), log_str("why", why));
	note_no_success(flight, recipients, why);
}

void
closing_report(struct flight *flight)
{
	const struct flight_landing *landing = &flight->landing;

	if (landing->report == NULL) {
		log_error("notice cannot be made, is tried again",
		    FLIGHT_LOG(flight->message),
		    log_str("action", action_text(flight)),
		    log_str("why", g_strerror(landing->error)));
		return;
	}
	log_info(reports[landing->options.action].event,
	    FLIGHT_LOG(flight->message), log_str("bounce", landing->report->id),
	    log_str("action", action_text(flight)),
	    log_str("to", sender_text(flight)),
	    log_num("recipients", landing->told->len));
	note_report(flight);
}

static bool
is_finished(const struct ledger *ledger)
{
	for (unsigned i = 0; i < ledger->count; i++)
		if (!recipient_is_final(ledger->recipients[i].state))
			return false;
	return true;
}

/* As a client would have been told. */
static unsigned
find_code(const struct flight *flight)
{
	const struct ledger *ledger = flight->ledger;

	if (flight->landing.due_ms != 0 && !is_finished(ledger))
		return 451;
	if (ledger_count(ledger, RECIPIENT_REFUSED) > 0 ||
	    ledger_count(ledger, RECIPIENT_HELD) > 0)
		return 554;
	return 250;
}

static void
tell_watcher(const struct dispatcher *dispatcher, const struct flight *flight)
{
	const char *story = flight->story->str;
	struct dispatch_event event = {
		.id = find_submission(flight)->id,
		.sender = sender_text(flight),
		.recipients = flight->ledger->count,
		.subject = flight->message->subject,
		.size_bytes = spool_size(find_submission(flight)->spool),
		.queued = true,
		.code = find_code(flight),
		.story = *story != '\0' ? story : "no provider is asked now",
	};

	dispatcher->options.event(dispatcher->options.object, &event);
}

void
closing_land(const struct dispatcher *dispatcher, const struct flight *flight)
{
	const struct submission *submission = find_submission(flight);
	const struct flight_landing *landing = &flight->landing;
	const struct ledger *ledger = flight->ledger;
	int64_t now = dispatcher_wall(dispatcher);
	int64_t due_in_ms =
	    landing->due_ms != 0 ? MAX(landing->due_ms - now, 1) : 0;

	log_info(is_finished(ledger) && due_in_ms == 0 ? "mail finished"
						       : "mail landed",
	    FLIGHT_LOG(flight->message), log_num_if("due_in_ms", due_in_ms),
	    log_num("recipients", ledger->count),
	    log_num("accepted", ledger_count(ledger, RECIPIENT_ACCEPTED)),
	    log_num("refused", ledger_count(ledger, RECIPIENT_REFUSED)),
	    log_num("waiting", ledger_count(ledger, RECIPIENT_WAITING)),
	    log_num("doubt", ledger_count(ledger, RECIPIENT_DOUBT)),
	    log_num("held", ledger_count(ledger, RECIPIENT_HELD)),
	    log_num("attempts", flight->attempts),
	    log_num("rounds", submission->rounds + landing->in_vain),
	    log_num("ms", now - submission->received_ms));
	if (dispatcher->options.event != NULL)
		tell_watcher(dispatcher, flight);
}
