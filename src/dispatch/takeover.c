/* SPDX-License-Identifier: MIT */
/*
 * A takeover makes the mail of a client who waits for a provider one of the
 * queue: when a provider has it, or may have it, for some of its recipients,
 * and something is left to be done.  The client hears 250 when that is on disk,
 * and will not send again what was sent; when it cannot be kept, 451 as without
 * a queue.  A client that hears of each recipient (LMTP) keeps those who wait,
 * and tells its sender of the refused itself: then it is only for a doubt that
 * the queue takes a mail.  A mail that everyone has is taken for the report of
 * success its sender asked for; its client hears 250 either way.
 */
#include "takeover.h"

#include "closing.h"
#include "core/log.h"
#include "entry.h"
#include "report.h"
#include "twin.h"
#include "weighing.h"
#include "wish.h"

struct takeover {
	struct letter letter;
	struct dispatcher *dispatcher;
	struct message *message; /* counted */
	struct answer *answer;   /* for when it is on disk */
	bool whole;              /* everyone has it: only a report is owed */
	bool recorded;
};

static bool
is_whole(const struct ledger *ledger)
{
	return ledger_count(ledger, RECIPIENT_ACCEPTED) +
		   ledger_count(ledger, RECIPIENT_DROPPED) ==
	       ledger->count;
}

/* Somebody is to be told of a success, and may be. */
static bool
is_report_owed(const struct dispatcher *dispatcher, const struct flight *flight)
{
	return wish_count(flight, wish_success) > 0 &&
	       report_obstacle(dispatcher, flight->message) == NULL;
}

bool
takeover_is_due(
    const struct dispatcher *dispatcher, const struct flight *flight)
{
	const struct ledger *ledger = flight->ledger;
	unsigned accepted = ledger_count(ledger, RECIPIENT_ACCEPTED);
	unsigned dropped = ledger_count(ledger, RECIPIENT_DROPPED);
	unsigned doubtful = ledger_count(ledger, RECIPIENT_DOUBT);
	unsigned refused = ledger_count(ledger, RECIPIENT_REFUSED);
	bool sending = flight->state == FLIGHT_SENDING;

	if (dispatcher->options.journal == NULL || flight->queued ||
	    flight->answered)
		return false;
	if (is_report_owed(dispatcher, flight))
		return true;
	if (is_whole(ledger) || (accepted + doubtful == 0 && !sending))
		return false;
	if (flight->message->submission->each)
		return doubtful > 0 || sending;
	/* when nobody else is left the client can tell of the refused */
	return accepted + dropped + refused < ledger->count ||
	       report_obstacle(dispatcher, flight->message) == NULL;
}

static void
free_takeover(struct takeover *takeover)
{
	message_unref(takeover->message);
	answer_free(takeover->answer);
	g_free(takeover);
}

/* The client knows that the mail is ours, and means it when it sends the same
 * again. */
static void
on_said(void *owner, struct letter *letter)
{
	struct takeover *takeover = LETTER_OF(letter, struct takeover, letter);

	(void)owner;
	memory_forget(takeover->dispatcher->memory, takeover->message);
	dispatcher_let_go(takeover->dispatcher);
	free_takeover(takeover);
}

/* It sends the mail again. */
static void
on_unsaid(void *owner, struct letter *letter)
{
	struct takeover *takeover = LETTER_OF(letter, struct takeover, letter);

	(void)owner;
	if (takeover->recorded)
		memory_own(takeover->dispatcher->memory, takeover->message,
		    dispatcher_now(takeover->dispatcher));
	dispatcher_let_go(takeover->dispatcher);
	free_takeover(takeover);
}

/* Any thread. */
static void
on_told(void *object, bool said)
{
	struct takeover *takeover = object;

	loop_post(takeover->dispatcher->options.loop, &takeover->letter,
	    said ? on_said : on_unsaid);
}

static void
answer_kept(struct takeover *takeover)
{
	const struct return_address to =
	    takeover->message->submission->return_to;
	struct answer *answer = g_steal_pointer(&takeover->answer);

	dispatcher_hold(takeover->dispatcher);
	answer->told = on_told;
	answer->object = takeover;
	to.post(to.server, answer);
}

/* It is done but for the report. */
static void
answer_unreported(struct takeover *takeover)
{
	const struct submission *submission = takeover->message->submission;
	g_autofree char *text = g_strdup_printf(
	    "Ok: %s accepted; a report of it cannot be kept", submission->id);

	log_warn("report of success lost", FLIGHT_LOG(takeover->message),
	    log_str("why", "the queue does not take it"));
	answer_free(takeover->answer);
	takeover->answer =
	    answer_new(submission->return_to.session, 250, "2.0.0", text);
	answer_kept(takeover);
}

static void
answer_lost(struct takeover *takeover)
{
	submission_answer(takeover->message->submission, 451, "4.3.0",
	    "A provider may have it, and it cannot be kept here now; try "
	    "again later");
	free_takeover(takeover);
}

/* Its client keeps the mail: whatever else is done for it would be done twice.
 * The flight may have landed before. */
static void
lose_flight(struct takeover *takeover)
{
	struct dispatcher *dispatcher = takeover->dispatcher;

	for (GList *link = dispatcher->flights.head; link != NULL;
	     link = link->next) {
		struct flight *flight = link->data;
		if (flight->message != takeover->message)
			continue;
		flight->record.lost = true;
		round_stop(dispatcher, flight);
		return;
	}
}

static void
on_recorded(void *owner, struct letter *letter)
{
	struct takeover *takeover = LETTER_OF(letter, struct takeover, letter);
	struct dispatcher *dispatcher = takeover->dispatcher;

	(void)owner;
	dispatcher->takeovers--;
	if (!takeover->recorded)
		lose_flight(takeover);
	twin_own(dispatcher, takeover->message, takeover->recorded);
	if (takeover->recorded)
		answer_kept(takeover);
	else if (takeover->whole)
		answer_unreported(takeover);
	else
		answer_lost(takeover);
	dispatcher_tell_if_stopped(dispatcher);
}

/* The store's thread. */
static void
on_taken(void *object, bool recorded)
{
	struct takeover *takeover = object;

	takeover->recorded = recorded;
	loop_post(
	    takeover->dispatcher->options.loop, &takeover->letter, on_recorded);
}

/* Nobody takes back that they are refused. */
static bool
are_refusals_last(
    const struct dispatcher *dispatcher, const struct flight *flight)
{
	return !dispatcher->soft_bounce && weighing_until(flight) == 0;
}

/* As it stands when it is taken over: who waits is the queue's. */
static struct answer *
make_answer(const struct dispatcher *dispatcher, const struct flight *flight)
{
	const struct submission *submission = flight->message->submission;
	g_autofree char *text =
	    g_strdup_printf("Ok: queued as %s", submission->id);
	struct answer *answer =
	    answer_new(submission->return_to.session, 250, "2.0.0", text);

	if (flight->record.told)
		judge_each(
		    answer, flight->ledger, submission, dispatcher->names);
	return answer;
}

void
takeover_start(struct dispatcher *dispatcher, struct flight *flight)
{
	struct takeover *takeover = g_new0(struct takeover, 1);

	takeover->dispatcher = dispatcher;
	takeover->message = message_ref(flight->message);
	takeover->whole = is_whole(flight->ledger);
	flight->record.told = flight->message->submission->each &&
			      are_refusals_last(dispatcher, flight);
	takeover->answer = make_answer(dispatcher, flight);
	dispatcher->takeovers++;
	closing_take(flight);
	dispatcher_remember(dispatcher, flight);
	entry_take(dispatcher, flight, on_taken, takeover);
	flight->queued = flight->taken = true;
	loop_timer_clear(flight->timer);
}
