/* SPDX-License-Identifier: MIT */
#include "weighing.h"

#include "core/log.h"
#include "entry.h"
#include "keeping.h"

/* What is known of one provider's word. */
struct scale {
	uint64_t taken; /* attempts in which it took somebody */
	GQueue flights; /* that wait for more */
};

struct weighing {
	struct scale *scales; /* by the number of the lane */
	unsigned count;
	int64_t wait_ms; /* 0: whatever is refused is believed */
};

/* A refusal that is not weighed yet. */
struct mark {
	unsigned recipient, lane;
	uint64_t begun, given; /* the lane's `taken` then */
	int64_t given_ms;      /* monotonic: since then */
};

enum weight {
	WEIGHT_OPEN,
	WEIGHT_BELIEVED,
	WEIGHT_VOID,
};

struct weighing *
weighing_new(unsigned lanes, int64_t wait_ms)
{
	struct weighing *weighing = g_new0(struct weighing, 1);

	weighing->scales = g_new0(struct scale, lanes);
	weighing->count = lanes;
	weighing->wait_ms = wait_ms;
	for (unsigned i = 0; i < lanes; i++)
		g_queue_init(&weighing->scales[i].flights);
	return weighing;
}

void
weighing_free(struct weighing *weighing)
{
	if (weighing == NULL)
		return;
	for (unsigned i = 0; i < weighing->count; i++)
		g_assert(g_queue_is_empty(&weighing->scales[i].flights));
	g_free(weighing->scales);
	g_free(weighing);
}

/* A mail that is cut into several requests is one attempt here: those of it
 * that were taken say that the provider is well. */
void
weighing_begin(
    struct dispatcher *dispatcher, struct flight *flight, unsigned lane)
{
	struct flight_refusals *refusals = &flight->refusals;

	if (refusals->judged && refusals->lane == lane)
		return;
	refusals->judged = true;
	refusals->lane = lane;
	refusals->begun = dispatcher->weighing->scales[lane].taken;
}

static bool
is_weighed(const struct verdict *verdict)
{
	return (verdict->class == VERDICT_PAYLOAD ||
		   verdict->class == VERDICT_RECIPIENT) &&
	       !verdict->suppressed;
}

static void
add_mark(
    struct dispatcher *dispatcher, struct flight *flight, unsigned recipient)
{
	struct flight_refusals *refusals = &flight->refusals;
	const struct weighing *weighing = dispatcher->weighing;
	struct mark mark = {
		.recipient = recipient,
		.lane = refusals->lane,
		.begun = refusals->begun,
		.given = weighing->scales[refusals->lane].taken,
		.given_ms = dispatcher_now(dispatcher),
	};

	if (refusals->marks == NULL)
		refusals->marks =
		    g_array_new(FALSE, FALSE, sizeof(struct mark));
	g_array_append_val(refusals->marks, mark);
}

void
weighing_enter(struct dispatcher *dispatcher, struct flight *flight,
    const struct outcome *outcome)
{
	const struct delivery *delivery = flight->delivery;

	if (dispatcher->weighing->wait_ms == 0 ||
	    (outcome->split && delivery->count > 1))
		return;
	for (unsigned i = 0; i < delivery->count; i++)
		if (is_weighed(&outcome->verdicts[i]))
			add_mark(dispatcher, flight, delivery->recipients[i]);
}

void
weighing_note(
    struct dispatcher *dispatcher, const struct lane *lane, unsigned accepted)
{
	if (accepted > 0 && !lane_is_distrusted(lane))
		dispatcher->weighing->scales[lane->number].taken++;
}

void
weighing_wake(struct dispatcher *dispatcher, const struct lane *lane)
{
	struct scale *scale = &dispatcher->weighing->scales[lane->number];
	unsigned left = scale->flights.length;

	/* who waits on comes behind them */
	for (; left > 0 && !g_queue_is_empty(&scale->flights); left--) {
		struct flight *flight = scale->flights.head->data;
		weighing_leave(dispatcher, flight);
		round_advance(dispatcher, flight);
	}
}

/* Believed then, as its lane is now: it may refuse more meanwhile. */
static int64_t
find_end(const struct dispatcher *dispatcher, const struct mark *mark)
{
	const struct lane *lane = dispatcher->lanes[mark->lane];

	return mark->given_ms +
	       guard_wait(&lane->guard, dispatcher->weighing->wait_ms);
}

static enum weight
weigh(const struct dispatcher *dispatcher, const struct mark *mark,
    int64_t now_ms)
{
	const struct scale *scale = &dispatcher->weighing->scales[mark->lane];

	if (lane_is_distrusted(dispatcher->lanes[mark->lane]) &&
	    scale->taken == mark->given)
		return WEIGHT_VOID;
	if (scale->taken > mark->begun || now_ms >= find_end(dispatcher, mark))
		return WEIGHT_BELIEVED;
	return WEIGHT_OPEN;
}

/* Whoever is final, or with somebody else by now, is not told of it. */
static bool
is_pending(const struct flight *flight, const struct mark *mark)
{
	const struct ledger_recipient *r =
	    &flight->ledger->recipients[mark->recipient];

	return r->state == RECIPIENT_REFUSED || r->state == RECIPIENT_WAITING;
}

static void
explain(struct ledger_recipient *recipient, const char *name)
{
	char *text = g_strdup_printf("%s refuses all mail now, so this is not "
				     "believed: %s",
	    name, recipient->text != NULL ? recipient->text : "refused");

	g_free(recipient->text);
	recipient->text = text;
}

static void
avoid(struct dispatcher *dispatcher, struct flight *flight,
    const struct mark *mark)
{
	struct ledger_recipient *r =
	    &flight->ledger->recipients[mark->recipient];

	r->refused_by &= ~(1u << mark->lane);
	/* as the store was told it is not true any more */
	flight->record.states[mark->recipient] = RECIPIENT_OPEN;
	if (r->provider == mark->lane) {
		explain(r, dispatcher->names[mark->lane]);
		r->class = VERDICT_ACCOUNT;
	}
	r->state = RECIPIENT_WAITING;
}

/* Nothing speaks for it but that it was alone for so long: should its lane turn
 * out to refuse everything, people are told how many it was. */
static void
note_told(struct dispatcher *dispatcher, const struct flight *flight,
    const struct mark *mark)
{
	const struct ledger_recipient *r =
	    &flight->ledger->recipients[mark->recipient];
	bool alone =
	    dispatcher->weighing->scales[mark->lane].taken == mark->begun;

	if (!alone || r->state != RECIPIENT_REFUSED)
		return;
	dispatcher->lanes[mark->lane]->guard.told++;
	keeping_note(dispatcher);
}

/* Two who say the same are believed. */
static void
believe_pairs(struct flight *flight)
{
	GArray *marks = flight->refusals.marks;

	for (unsigned i = marks->len; i > 0; i--) {
		const struct mark *mark =
		    &g_array_index(marks, struct mark, i - 1);
		if (ledger_is_agreed(flight->ledger, mark->recipient))
			g_array_remove_index_fast(marks, i - 1);
	}
}

static void
tell_void(struct flight *flight, const char *provider, unsigned count)
{
	entry_note(flight,
	    g_strdup_printf("%s refuses all mail now: that it refused %u of "
			    "the recipients is not believed, they are sent "
			    "again",
		provider, count));
	log_warn("refusal not believed", FLIGHT_LOG(flight->message),
	    log_str("provider", provider), log_num("recipients", count),
	    log_str("why", "it refuses all mail now; they are sent again"));
}

void
weighing_review(
    struct dispatcher *dispatcher, struct flight *flight, int64_t now_ms)
{
	GArray *marks = flight->refusals.marks;
	const char *provider = NULL;
	unsigned avoided = 0;

	if (marks == NULL)
		return;
	for (unsigned i = marks->len; i > 0; i--) {
		struct mark mark = g_array_index(marks, struct mark, i - 1);
		enum weight weight = weigh(dispatcher, &mark, now_ms);
		if (weight == WEIGHT_OPEN)
			continue;
		g_array_remove_index_fast(marks, i - 1);
		if (weight == WEIGHT_BELIEVED)
			note_told(dispatcher, flight, &mark);
		if (weight != WEIGHT_VOID || !is_pending(flight, &mark))
			continue;
		avoid(dispatcher, flight, &mark);
		provider = dispatcher->names[mark.lane];
		avoided++;
	}
	believe_pairs(flight);
	if (avoided > 0)
		tell_void(flight, provider, avoided);
}

/* The one that is weighed last, and when; NULL: there is none. */
static const struct mark *
find_last(const struct flight *flight, int64_t *end_ms)
{
	const GArray *marks = flight->refusals.marks;
	const struct mark *last = NULL;

	*end_ms = 0;
	for (unsigned i = 0; marks != NULL && i < marks->len; i++) {
		const struct mark *mark = &g_array_index(marks, struct mark, i);
		int64_t end = find_end(flight->dispatcher, mark);
		if (!is_pending(flight, mark) || (last && end <= *end_ms))
			continue;
		*end_ms = end;
		last = mark;
	}
	return last;
}

int64_t
weighing_until(const struct flight *flight)
{
	int64_t end;

	find_last(flight, &end);
	return end;
}

void
weighing_wait(struct dispatcher *dispatcher, struct flight *flight)
{
	int64_t end;
	const struct mark *last = find_last(flight, &end);

	g_assert(flight->state == FLIGHT_NEW && last != NULL);
	flight->state = FLIGHT_WEIGHING;
	flight->refusals.on = last->lane;
	g_queue_push_tail_link(
	    &dispatcher->weighing->scales[last->lane].flights,
	    &flight->waiting);
}

/* As it is without something to wait for. */
static void
reset_timer(struct flight *flight)
{
	const struct submission *submission = flight->message->submission;

	if (flight->queued)
		loop_timer_clear(flight->timer);
	else
		loop_timer_set(
		    flight->timer, MAX(submission->deadline_ms -
					   dispatcher_now(flight->dispatcher),
				       (int64_t)0));
}

void
weighing_leave(struct dispatcher *dispatcher, struct flight *flight)
{
	g_assert(flight->state == FLIGHT_WEIGHING);
	g_queue_unlink(
	    &dispatcher->weighing->scales[flight->refusals.on].flights,
	    &flight->waiting);
	flight->state = FLIGHT_NEW;
	reset_timer(flight);
}

void
weighing_end(struct dispatcher *dispatcher, struct flight *flight)
{
	GArray *marks = flight->refusals.marks;
	bool short_of = dispatcher_cuts(dispatcher, flight);

	if (marks == NULL)
		return;
	weighing_review(dispatcher, flight, dispatcher_now(dispatcher));
	for (unsigned i = 0; i < marks->len; i++) {
		const struct mark *mark = &g_array_index(marks, struct mark, i);
		struct ledger_recipient *r =
		    &flight->ledger->recipients[mark->recipient];
		if (short_of && r->state == RECIPIENT_REFUSED)
			r->state = RECIPIENT_WAITING;
		else if (!short_of)
			note_told(dispatcher, flight, mark);
	}
	g_clear_pointer(&flight->refusals.marks, g_array_unref);
}
