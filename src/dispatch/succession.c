/* SPDX-License-Identifier: MIT */
#include "succession.h"

#include "doubt.h"
#include "harvest.h"
#include "pause.h"
#include "probe.h"
#include "ramp.h"
#include "reserve.h"

/* A mail on its way to another dispatcher. */
struct move {
	struct letter letter;
	struct dispatcher *heir; /* held */
	struct message *message; /* counted */
};

/* A work thread. */
static void
on_move(void *owner, struct letter *letter)
{
	struct move *move = LETTER_OF(letter, struct move, letter);
	struct dispatcher *heir = move->heir;

	(void)owner;
	dispatcher_post(
	    heir, flight_new(move->message, dispatcher_route(heir)));
	dispatcher_let_go(heir);
	g_free(move);
}

void
succession_begin_anew(struct dispatcher *heir, struct flight *flight)
{
	struct move *move = g_new0(struct move, 1);

	dispatcher_hold(heir);
	move->heir = heir;
	move->message = message_ref(flight->message);
	flight_free(flight);
	pool_post(heir->options.work, &move->letter, on_move);
}

void
succession_name(struct dispatcher *before, struct dispatcher *heir)
{
	before->heir = heir;
}

void
succession_pass(struct dispatcher *before)
{
	GList *link = before->flights.head;

	alarms_mute(before->alarms);
	probe_stop(before);
	harvest_stop(before);
	reserve_stop(before);
	ramp_stop(before);
	while (link != NULL) {
		struct flight *flight = link->data;
		link = link->next;
		if (!round_retire(before, flight))
			continue;
		dispatcher_release(before, flight);
		succession_begin_anew(before->heir, flight);
	}
}

bool
succession_is_over(struct dispatcher *before)
{
	/* first: a mail on its way to us holds us until it is read */
	unsigned holds =
	    atomic_load_explicit(&before->holds, memory_order_acquire);

	if (holds > 0 || before->takeovers > 0 ||
	    !g_queue_is_empty(&before->flights))
		return false;
	if (!before->stopping)
		dispatcher_halt(before, NULL, NULL);
	return before->asides == 0;
}
