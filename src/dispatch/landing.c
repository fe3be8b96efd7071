/* SPDX-License-Identifier: MIT */
/*
 * The landing ends a flight: nothing more can be done now.  A client who waits
 * is answered (client.c), or the queue takes the mail over; a mail of the queue
 * goes back to the store: who is final, who is to be tried again and when, and
 * the bounce that is owed.
 */
#include "landing.h"

#include "client.h"
#include "closing.h"
#include "doubt.h"
#include "entry.h"
#include "known.h"
#include "lifetime.h"
#include "pause.h"
#include "report.h"
#include "takeover.h"
#include "twin.h"
#include "weighing.h"
#include "wish.h"

static void
set_text(struct ledger_recipient *recipient, char *text)
{
	g_free(recipient->text);
	recipient->text = text;
}

static char *
print_age(int64_t ms)
{
	static const struct {
		int64_t ms;
		const char *name;
	} units[] = { { 86400000, "d" }, { 3600000, "h" }, { 60000, "min" },
		{ 1000, "s" } };
	unsigned i = 0;

	/* at least two of the unit, or it would be too rough */
	while (i + 1 < G_N_ELEMENTS(units) && ms < 2 * units[i].ms)
		i++;
	return g_strdup_printf(
	    "%" G_GINT64_FORMAT " %s", ms / units[i].ms, units[i].name);
}

/* "; last tried mailgun: 503 Service Unavailable" */
static char *
explain_last(const struct ledger_recipient *recipient, const char *const *names)
{
	const char *text = recipient->text != NULL ? recipient->text : "";
	g_autofree char *status = g_strdup_printf("%u ", recipient->status);

	/* some say their status in the text as well */
	if (recipient->status == 0 || g_str_has_prefix(text, status))
		*status = '\0';
	if (recipient->provider != LEDGER_NOBODY)
		return g_strdup_printf("; last tried %s%s%s%s",
		    names[recipient->provider],
		    *status != '\0' || *text != '\0' ? ": " : "", status, text);
	return g_strconcat("; ",
	    *text != '\0' ? "last: " : "no provider could be asked", text,
	    NULL);
}

/* A bounce that could not be made is no last word. */
static char *
explain_end(const struct ledger_recipient *recipient, const char *const *names,
    int64_t age_ms)
{
	g_autofree char *age = NULL, *last = NULL;

	if (recipient->text != NULL &&
	    g_str_has_prefix(recipient->text, RECIPIENT_GAVE_UP))
		return g_strdup(recipient->text);
	age = print_age(age_ms);
	last = explain_last(recipient, names);
	return g_strconcat(RECIPIENT_GAVE_UP, age, last,
	    recipient->doubts > 0 ? "; it may have been delivered all the same"
				  : "",
	    NULL);
}

/* Whose doubt ended with the lifetime is in doubt again if the age is not to be
 * believed any more. */
static bool
is_given_up(struct flight *flight, struct ledger_recipient *recipient)
{
	bool ended = recipient->doubt.ended;

	recipient->doubt.ended = false;
	if (ended && !lifetime_trusts(flight->dispatcher)) {
		recipient->state = RECIPIENT_DOUBT;
		return false;
	}
	return ended ||
	       lifetime_is_over(flight->dispatcher, flight, recipient->group);
}

/* Whoever still waits after so long is refused, by nobody. */
static void
give_up(struct flight *flight)
{
	int64_t age = lifetime_age(flight);

	for (unsigned i = 0; i < flight->ledger->count; i++) {
		struct ledger_recipient *r = &flight->ledger->recipients[i];
		if (r->state != RECIPIENT_WAITING || !is_given_up(flight, r))
			continue;
		set_text(r, explain_end(r, flight->dispatcher->names, age));
		r->state = RECIPIENT_REFUSED;
		r->class = VERDICT_OUTAGE;
		r->provider = LEDGER_NOBODY;
		r->status = 0;
	}
}

/* "mandrill: no such mailbox" */
static char *
explain_refusal(
    const struct ledger_recipient *recipient, const char *const *names)
{
	bool named = recipient->provider != LEDGER_NOBODY;

	return g_strconcat(named ? names[recipient->provider] : "",
	    named ? ": " : "",
	    recipient->text != NULL ? recipient->text : "refused", NULL);
}

/* Nobody may be told: a person has to look. */
static void
hold_refused(struct flight *flight, const char *why)
{
	unsigned held = 0;

	for (unsigned i = 0; i < flight->ledger->count; i++) {
		struct ledger_recipient *r = &flight->ledger->recipients[i];
		if (!wish_failure(flight, i))
			continue;
		g_autofree char *refusal =
		    explain_refusal(r, flight->dispatcher->names);
		r->state = RECIPIENT_HELD;
		set_text(r, g_strdup_printf("%s; held, as %s", refusal, why));
		held++;
	}
	flight->landing.hold = why;
	closing_hold(flight, held);
}

/* Refused is only who is told of, in the same transaction, or whom nobody wants
 * to hear of: another round.  Who was given up and may have the mail is not
 * sent it in that one either. */
static void
unrefuse(struct flight *flight)
{
	for (unsigned i = 0; i < flight->ledger->count; i++) {
		struct ledger_recipient *r = &flight->ledger->recipients[i];
		if (!wish_failure(flight, i))
			continue;
		r->state = r->doubts > 0 && r->provider == LEDGER_NOBODY
			       ? RECIPIENT_DOUBT
			       : RECIPIENT_WAITING;
	}
}

/* Nobody is refused: each waits, and all providers are asked again in the next
 * round. */
static void
soften(struct flight *flight)
{
	unsigned softened = 0;

	for (unsigned i = 0; i < flight->ledger->count; i++) {
		struct ledger_recipient *r = &flight->ledger->recipients[i];
		if (!wish_failure(flight, i) && !wish_silence(flight, i))
			continue;
		r->state = RECIPIENT_WAITING;
		r->refused_by = 0;
		/* as the store was told it is not true any more */
		flight->record.states[i] = RECIPIENT_OPEN;
		set_text(r, g_strconcat("it would bounce but for soft_bounce: ",
				r->text != NULL ? r->text : "refused", NULL));
		softened++;
	}
	if (softened == 0)
		return;
	entry_note(flight,
	    g_strdup_printf("%u recipients would bounce, and wait because of "
			    "soft_bounce",
		softened));
	closing_soften(flight, softened);
}

static void
clear_told(void *told)
{
	recipient_clear(&((struct journal_recipient *)told)->is);
}

/* Whom a report of each kind is about. */
static const wish_fn wishes[] = {
	[BOUNCE_FAILED] = wish_failure,
	[BOUNCE_DELAYED] = wish_delay,
	[BOUNCE_RELAYED] = wish_success,
};

static void
tell_about(struct dispatcher *dispatcher, struct flight *flight,
    enum bounce_action action)
{
	struct known_terms terms = dispatcher_terms(dispatcher);
	GArray *told =
	    g_array_new(FALSE, FALSE, sizeof(struct journal_recipient));

	g_array_set_clear_func(told, clear_told);
	for (unsigned i = 0; i < flight->ledger->count; i++) {
		struct journal_recipient one = { .number = i };
		if (!wishes[action](flight, i))
			continue;
		known_tell(flight->ledger, i, &terms, &one.is);
		g_array_append_val(told, one);
	}
	flight->landing.told = told;
}

/* The sender wants to be told of a delay, and was not yet. */
static bool
is_warning_due(struct dispatcher *dispatcher, const struct flight *flight)
{
	return !flight->message->submission->warned &&
	       lifetime_is_long(dispatcher, flight) &&
	       wish_count(flight, wish_delay) > 0 &&
	       report_obstacle(dispatcher, flight->message) == NULL;
}

/* Its sender asked to be told who has it: whom no report may be made for hears
 * nothing. */
static bool
is_success_due(struct dispatcher *dispatcher, struct flight *flight)
{
	const char *obstacle;
	unsigned count = wish_count(flight, wish_success);

	if (count == 0)
		return false;
	obstacle = report_obstacle(dispatcher, flight->message);
	if (obstacle == NULL)
		return true;
	closing_withhold(flight, count, obstacle);
	wish_fulfil(flight);
	return false;
}

/* One of a flood is not told, so that it makes no other. */
static bool
is_success_told(struct dispatcher *dispatcher, struct flight *flight)
{
	if (courtesy_take(dispatcher->courtesy, dispatcher_now(dispatcher)))
		return true;
	closing_drop(flight, wish_count(flight, wish_success));
	wish_fulfil(flight);
	return false;
}

static int64_t
choose_pause(const struct dispatcher *dispatcher, const struct flight *flight)
{
	if (dispatcher_cuts(dispatcher, flight))
		return 0;
	if (flight->landing.report_ms > 0)
		return flight->landing.report_ms;
	return schedule_pause(dispatcher->retry,
	    flight->message->submission->rounds, g_random_double());
}

/* How long until the first of those who wait is too old; 0: it is by now. */
static int64_t
find_left(const struct flight *flight)
{
	int64_t age = lifetime_age(flight), left = INT64_MAX;

	for (unsigned i = 0; i < flight->ledger->count; i++) {
		const struct ledger_recipient *r =
		    &flight->ledger->recipients[i];
		if (r->state == RECIPIENT_WAITING)
			left = MIN(left, lifetime_of(flight, r->group) - age);
	}
	return MAX(left, (int64_t)0);
}

/* A provider that keeps its mail says itself when it takes it: the rest of it,
 * and its end, do not wait for that. */
static int64_t
choose_wait(const struct flight *flight, int64_t pause_ms)
{
	int64_t kept = flight->landing.kept_ms;
	int64_t wait =
	    MAX(kept - dispatcher_now(flight->dispatcher), (int64_t)0);
	int64_t left;

	if (kept == 0 || flight->landing.report_ms > 0 || pause_ms == 0)
		return pause_ms;
	left = flight->dispatcher->soft_bounce ? INT64_MAX : find_left(flight);
	return MIN(wait, flight->landing.others || left == 0 ? pause_ms : left);
}

/* It came before its time, by a provider or a person. */
static bool
is_woken(const struct flight *flight)
{
	const struct submission *submission = flight->message->submission;

	return submission->due_ms > dispatcher_wall(flight->dispatcher) ||
	       (submission->wanted && submission->due_ms == 0);
}

/* ...and no provider was asked to take it: as if it had not. */
static bool
is_early(const struct flight *flight)
{
	const struct flight_landing *landing = &flight->landing;

	return landing->asked == 0 && landing->report_ms == 0 &&
	       is_woken(flight);
}

/* When whoever waits is tried again (wall clock). */
static int64_t
find_turn(struct flight *flight, int64_t pause_ms)
{
	struct flight_landing *landing = &flight->landing;
	int64_t due = flight->message->submission->due_ms;

	if (is_early(flight) && due != 0 && landing->kept_ms == 0)
		return due;
	if (!is_early(flight) && landing->full != NULL && landing->kept_ms == 0)
		landing->kept_ms = lane_promise(
		    landing->full, dispatcher_now(flight->dispatcher));
	int64_t turn =
	    dispatcher_wall(flight->dispatcher) + choose_wait(flight, pause_ms);
	return is_early(flight) && due != 0 ? MIN(due, turn) : turn;
}

/* When the mail is wanted back (wall clock), 0: never. */
static int64_t
find_due(struct flight *flight, int64_t pause_ms)
{
	int64_t now = dispatcher_wall(flight->dispatcher), due = 0;
	int64_t doubt = doubt_due(flight);

	if (ledger_count(flight->ledger, RECIPIENT_WAITING) > 0)
		due = find_turn(flight, pause_ms);
	if (doubt != 0)
		doubt = now + MAX(doubt - dispatcher_now(flight->dispatcher),
				  (int64_t)0);
	if (doubt != 0 && (due == 0 || doubt < due))
		due = doubt;
	/* a report at a time: the next one is made when it comes back */
	if (due == 0 && wish_count(flight, wish_success) > 0)
		due = now + (flight->landing.report != NULL ? 0 : pause_ms);
	return due;
}

static void
land(struct dispatcher *dispatcher, struct flight *flight)
{
	struct flight_landing *landing = &flight->landing;
	const struct ledger *ledger = flight->ledger;
	bool waiting = ledger_count(ledger, RECIPIENT_WAITING) > 0;
	bool cut_off = dispatcher_cuts(dispatcher, flight);
	int64_t pause = choose_pause(dispatcher, flight);

	doubt_delay(flight, pause);
	landing->due_ms = find_due(flight, pause);
	landing->wakes = waiting && landing->report_ms == 0;
	landing->in_vain =
	    !cut_off && ((waiting && !is_early(flight)) || doubt_arose(flight));
	/* whoever is held waits for the others, who are not */
	if (landing->due_ms != 0)
		landing->hold = NULL;
	else if (landing->hold == NULL &&
		 ledger_count(ledger, RECIPIENT_HELD) > 0)
		landing->hold = "its recipients are held";
	if (flight->taken)
		memory_refresh(dispatcher->memory, flight->message, ledger,
		    dispatcher_now(dispatcher));
	twin_tell(dispatcher, flight);
	closing_explain(dispatcher, flight);
	closing_land(dispatcher, flight);
	entry_land(dispatcher, flight);
	if (is_woken(flight))
		pause_miss(dispatcher, flight);
	dispatcher_release(dispatcher, flight);
	flight_free(flight);
	dispatcher_tell_if_stopped(dispatcher);
}

static void
on_reported(struct flight *flight)
{
	struct flight_landing *landing = &flight->landing;

	if (flight->record.lost)
		g_clear_pointer(&landing->report, submission_free);
	else
		closing_report(flight);
	if (landing->report == NULL)
		unrefuse(flight);
	else if (landing->options.action == BOUNCE_RELAYED)
		wish_fulfil(flight);
	else
		landing->warned = landing->options.action == BOUNCE_DELAYED;
	land(flight->dispatcher, flight);
}

static void
start_report(struct dispatcher *dispatcher, struct flight *flight,
    enum bounce_action action)
{
	tell_about(dispatcher, flight, action);
	report_start(dispatcher, flight, action, on_reported);
}

static void
report_or_hold(struct dispatcher *dispatcher, struct flight *flight)
{
	const char *obstacle = report_obstacle(dispatcher, flight->message);

	if (obstacle != NULL) {
		hold_refused(flight, obstacle);
		land(dispatcher, flight);
		return;
	}
	if (!report_count(dispatcher)) {
		flight->landing.report_ms = report_wait(dispatcher);
		unrefuse(flight);
		land(dispatcher, flight);
		return;
	}
	start_report(dispatcher, flight, BOUNCE_FAILED);
}

/* The refused whom nobody wants to hear of are final without a report. */
static void
keep_silent(struct flight *flight)
{
	unsigned count = wish_count(flight, wish_silence);

	if (count > 0)
		closing_silence(flight, count);
}

static void
land_queued(struct dispatcher *dispatcher, struct flight *flight)
{
	bool succeeded;

	/* no worker is left to make a report, or another dispatcher has it
	 * made */
	if (dispatcher_cuts(dispatcher, flight)) {
		unrefuse(flight);
		land(dispatcher, flight);
		return;
	}
	if (!dispatcher->soft_bounce)
		give_up(flight);
	keep_silent(flight);
	succeeded = is_success_due(dispatcher, flight);
	if (wish_count(flight, wish_failure) > 0)
		report_or_hold(dispatcher, flight);
	else if (succeeded && is_success_told(dispatcher, flight))
		start_report(dispatcher, flight, BOUNCE_RELAYED);
	else if (is_warning_due(dispatcher, flight) && report_count(dispatcher))
		start_report(dispatcher, flight, BOUNCE_DELAYED);
	else
		land(dispatcher, flight);
}

void
landing_start(struct dispatcher *dispatcher, struct flight *flight)
{
	g_assert(flight->state == FLIGHT_NEW);
	doubt_restore(flight);
	weighing_end(dispatcher, flight);
	if (dispatcher->soft_bounce)
		soften(flight);
	if (takeover_is_due(dispatcher, flight))
		takeover_start(dispatcher, flight);
	if (flight->queued) {
		land_queued(dispatcher, flight);
		return;
	}
	dispatcher_release(dispatcher, flight);
	client_leave(dispatcher, flight);
	dispatcher_tell_if_stopped(dispatcher);
}
