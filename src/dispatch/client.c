/* SPDX-License-Identifier: MIT */
/*
 * The client of a mail that is not the queue's: what it is told, and what is
 * remembered for when it sends the mail again.
 */
#include "client.h"

#include "chronicle.h"
#include "entry.h"
#include "twin.h"

static struct answer *
make_answer(const struct dispatcher *dispatcher, const struct flight *flight)
{
	const struct submission *submission = flight->message->submission;
	struct answer *answer =
	    judge_answer(flight->ledger, submission, dispatcher->names);

	if (!dispatcher->stopping || answer->code / 100 != 4)
		return answer;
	answer_free(answer);
	answer = answer_new(submission->return_to.session, 451, "4.3.2",
	    "Shutting down; try again later");
	if (submission->each)
		judge_each(
		    answer, flight->ledger, submission, dispatcher->names);
	return answer;
}

void
client_answer_open(struct dispatcher *dispatcher, struct flight *flight)
{
	const struct return_address *to =
	    &flight->message->submission->return_to;
	struct answer *answer = make_answer(dispatcher, flight);

	g_assert(answer->code / 100 == 4);
	flight->answered = true;
	chronicle_end(dispatcher, flight, answer);
	dispatcher_remember(dispatcher, flight);
	to->post(to->server, answer);
}

static void
on_unsaid(void *owner, struct letter *letter)
{
	struct flight *flight = LETTER_OF(letter, struct flight, letter);

	struct dispatcher *dispatcher = flight->dispatcher;

	(void)owner;
	dispatcher_remember(dispatcher, flight);
	flight_free(flight);
	dispatcher_let_go(dispatcher);
}

/* Any thread.  A client that did not hear its answer sends the mail again: what
 * its recipients came to is remembered. */
static void
on_told(void *object, bool said)
{
	struct flight *flight = object;
	struct dispatcher *dispatcher = flight->dispatcher;

	if (!said) {
		loop_post(dispatcher->options.loop, &flight->letter, on_unsaid);
		return;
	}
	flight_free(flight);
	dispatcher_let_go(dispatcher);
}

/* The flight waits for nothing but to hear that its answer was said. */
static void
answer(struct dispatcher *dispatcher, struct flight *flight)
{
	const struct return_address to = flight->message->submission->return_to;
	struct answer *answer = make_answer(dispatcher, flight);

	chronicle_end(dispatcher, flight, answer);
	g_clear_pointer(&flight->timer, loop_timer_free);
	if (answer->code / 100 == 4) {
		dispatcher_remember(dispatcher, flight);
		flight_free(flight);
	} else {
		memory_forget(dispatcher->memory, flight->message);
		dispatcher_hold(dispatcher);
		answer->told = on_told;
		answer->object = flight;
	}
	to.post(to.server, answer);
}

void
client_leave(struct dispatcher *dispatcher, struct flight *flight)
{
	entry_pass(dispatcher, flight);
	twin_tell(dispatcher, flight);
	if (!flight->answered) {
		answer(dispatcher, flight);
		return;
	}
	dispatcher_remember(dispatcher, flight);
	flight_free(flight);
}
