/* SPDX-License-Identifier: MIT */
#include "dispatch/dispatcher.h"

#include "core/clock.h"
#include "state.h"

const struct setting dispatcher_settings[] = {
	{ "server", "pause_min", SETTING_DURATION, "5s", .min = 1,
	    .max = 3600000,
	    .help = "How long a provider that failed is not asked; doubled "
		    "each time it fails again." },
	{ "server", "pause_max", SETTING_DURATION, "5m", .min = 1,
	    .max = 86400000, .help = "The longest such pause." },
	{ "server", "account_pause", SETTING_DURATION, "5m", .min = 1,
	    .max = 86400000,
	    .help = "How long a provider is not asked after it refused our "
		    "account (key, payment, domain)." },
	{ "server", "sender_pause", SETTING_DURATION, "1h", .min = 1,
	    .max = 86400000,
	    .help = "How long a provider is not asked for a From domain it "
		    "refused." },
	{ "server", "throttle_pause", SETTING_DURATION, "60s", .min = 1,
	    .max = 3600000,
	    .help = "How long a provider is not asked after \"too many\", when "
		    "its answer does not say how long." },
	{ "server", "doubt_wait", SETTING_DURATION, "120s", .min = 0,
	    .max = 86400000,
	    .help = "A provider took the whole request and never answered: "
		    "how long to wait before the next one is asked." },
	{ "server", "doubt_wait_error", SETTING_DURATION, "20s", .min = 0,
	    .max = 86400000,
	    .help = "The same after an error answer (500, 502, 504), when it "
		    "most likely did not take the mail." },
	{ "server", "answer_floor", SETTING_DURATION, "20s", .min = 1,
	    .max = 600000,
	    .help = "How long an attempt may go on behind the client's "
		    "deadline, so that its outcome is known when the mail is "
		    "sent again." },
	{ "server", "remember", SETTING_DURATION, "4h", .min = 0,
	    .max = 604800000,
	    .help = "How long the outcome of mail that was answered 451 is "
		    "remembered, so that its resend skips who has it." },
	{ "server", "remember_most", SETTING_NUMBER, "100000", .min = 0,
	    .max = 10000000,
	    .help = "Recipients remembered at most; the oldest go first." },
	{ "route", "providers", SETTING_LIST, .required = true,
	    .help = "The providers to try, in this order." },
	{ .section = NULL },
};

/* A carrier that breaks off an attempt at its deadline tells so by then. */
#define BREAK_OFF_MS INT64_C(5000)

static int64_t
read_server(const struct dispatcher *dispatcher, const char *key)
{
	return config_number(dispatcher->options.config, "server", key);
}

static void
read_settings(struct dispatcher *dispatcher)
{
	dispatcher->limits = (struct lane_limits){
		.breaker = { read_server(dispatcher, "pause_min"),
		    read_server(dispatcher, "pause_max") },
		.account_ms = read_server(dispatcher, "account_pause"),
		.sender_ms = read_server(dispatcher, "sender_pause"),
		.throttle_ms = read_server(dispatcher, "throttle_pause"),
	};
	dispatcher->waits = (struct ledger_waits){
		.doubt_ms = read_server(dispatcher, "doubt_wait"),
		.unlikely_ms = read_server(dispatcher, "doubt_wait_error"),
	};
	dispatcher->answer_floor_ms = read_server(dispatcher, "answer_floor");
	struct memory_limits memory = {
		.keep_ms = read_server(dispatcher, "remember"),
		.most = (unsigned)read_server(dispatcher, "remember_most"),
		.open_ms = dispatcher->answer_floor_ms +
			   MAX(dispatcher->waits.doubt_ms, BREAK_OFF_MS),
	};
	dispatcher->memory = memory_new(&memory);
}

bool
dispatcher_check(struct config *config, GPtrArray *errors)
{
	return route_check(config, errors);
}

struct dispatcher *
dispatcher_new(const struct dispatcher_options *options, GError **error)
{
	struct route *route = route_open(options->config, error);
	if (route == NULL)
		return NULL;
	struct dispatcher *dispatcher = g_new0(struct dispatcher, 1);
	unsigned count = route->providers->len;

	dispatcher->options = *options;
	config_ref(options->config);
	dispatcher->route = route;
	read_settings(dispatcher);
	g_queue_init(&dispatcher->flights);
	dispatcher->lanes = g_new0(struct lane *, count);
	dispatcher->names = g_new0(const char *, count + 1);
	for (unsigned i = 0; i < count; i++) {
		struct provider *provider = route_provider(route, i);
		dispatcher->lanes[i] =
		    lane_new(provider, i, &dispatcher->limits);
		dispatcher->names[i] = provider->name;
	}
	return dispatcher;
}

uint64_t
dispatcher_size_most(const struct dispatcher *dispatcher)
{
	uint64_t most = 0;

	for (unsigned i = 0; i < dispatcher->route->providers->len; i++)
		most =
		    MAX(most, route_provider(dispatcher->route, i)->size_bytes);
	return most;
}

const struct route *
dispatcher_route(const struct dispatcher *dispatcher)
{
	return dispatcher->route;
}

static struct answer *
make_answer(const struct dispatcher *dispatcher, const struct flight *flight)
{
	const struct submission *submission = flight->message->submission;
	struct answer *answer =
	    judge_answer(flight->ledger, submission, dispatcher->names);

	if (!dispatcher->stopping || answer->code / 100 != 4)
		return answer;
	answer_free(answer);
	return answer_new(submission->return_to.session, 451, "4.3.2",
	    "Shutting down; try again later");
}

/* The attempt goes on, but the client's time is over. */
static void
answer_open(struct dispatcher *dispatcher, struct flight *flight)
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

void
dispatcher_remember(struct dispatcher *dispatcher, const struct flight *flight)
{
	memory_keep(dispatcher->memory, flight->message, flight->ledger,
	    clock_monotonic_ms());
}

static void
on_unsaid(void *owner, struct letter *letter)
{
	struct flight *flight = LETTER_OF(letter, struct flight, letter);

	(void)owner;
	dispatcher_remember(flight->dispatcher, flight);
	flight_free(flight);
}

/* Any thread.  A client that did not hear its answer sends the mail again: what
 * its recipients came to is remembered. */
static void
on_told(void *object, bool said)
{
	struct flight *flight = object;

	if (said)
		flight_free(flight);
	else
		loop_post(flight->dispatcher->options.loop, &flight->letter,
		    on_unsaid);
}

static void
tell_if_stopped(struct dispatcher *dispatcher)
{
	if (!dispatcher->stopping || !g_queue_is_empty(&dispatcher->flights))
		return;
	loop_fn stopped = dispatcher->stopped;
	dispatcher->stopped = NULL;
	if (stopped != NULL)
		stopped(dispatcher->stopped_object);
}

/* The flight waits for nothing but to hear that its answer was said. */
static void
land_answered(struct dispatcher *dispatcher, struct flight *flight)
{
	const struct return_address to = flight->message->submission->return_to;
	struct answer *answer = make_answer(dispatcher, flight);

	chronicle_end(dispatcher, flight, answer);
	g_clear_pointer(&flight->timer, loop_timer_free);
	if (answer->code / 100 == 4) {
		dispatcher_remember(dispatcher, flight);
		flight_free(flight);
	} else {
		memory_forget(
		    dispatcher->memory, flight->message, flight->ledger);
		answer->told = on_told;
		answer->object = flight;
	}
	to.post(to.server, answer);
}

/* The flight is over: nothing is under way any more. */
static void
land(struct dispatcher *dispatcher, struct flight *flight)
{
	g_queue_unlink(&dispatcher->flights, &flight->link);
	if (flight->answered) {
		dispatcher_remember(dispatcher, flight);
		flight_free(flight);
	} else {
		land_answered(dispatcher, flight);
	}
	tell_if_stopped(dispatcher);
}

static struct lane *
choose_lane(struct dispatcher *dispatcher, struct flight *flight)
{
	const struct ledger *ledger = flight->ledger;
	g_autofree unsigned *picked = g_new(unsigned, ledger->count);
	int64_t now = clock_monotonic_ms();

	for (unsigned i = 0; i < flight->order_count; i++) {
		struct lane *lane = dispatcher->lanes[flight->order[i]];
		if (ledger_pick(ledger, lane->number, picked) == 0)
			continue;
		if (lane_allows(lane, flight->from_domain, now))
			return lane;
		chronicle_skip(flight, lane, now);
	}
	return NULL;
}

static void
wait_for_room(struct flight *flight, struct lane *lane)
{
	flight->state = FLIGHT_QUEUED;
	flight->provider = lane->number;
	g_queue_push_tail_link(&lane->waiting, &flight->waiting);
}

/* No provider to ask now.  A doubt that ends before the client's deadline is
 * worth waiting for, anything else is answered. */
static void
freeze_or_land(struct dispatcher *dispatcher, struct flight *flight)
{
	int64_t until = ledger_doubt_until(flight->ledger);

	if (until == 0 || until >= flight->message->submission->deadline_ms) {
		land(dispatcher, flight);
		return;
	}
	flight->state = FLIGHT_FROZEN;
	loop_timer_set(
	    flight->timer, MAX(until - clock_monotonic_ms(), (int64_t)0));
}

static void
thaw(struct dispatcher *dispatcher, struct flight *flight, int64_t now_ms)
{
	if (ledger_count(flight->ledger, RECIPIENT_DOUBT) == 0)
		return;
	memory_review(
	    dispatcher->memory, flight->message, flight->ledger, now_ms);
	unsigned thawed = ledger_thaw(flight->ledger, now_ms);
	if (thawed > 0)
		chronicle_doubt(flight, thawed);
}

void
dispatcher_advance(struct dispatcher *dispatcher, struct flight *flight)
{
	int64_t now = clock_monotonic_ms();

	g_assert(flight->state == FLIGHT_NEW);
	if (flight->answered || dispatcher->stopping ||
	    now >= flight->message->submission->deadline_ms) {
		land(dispatcher, flight);
		return;
	}
	thaw(dispatcher, flight, now);
	struct lane *lane = choose_lane(dispatcher, flight);
	if (lane == NULL)
		freeze_or_land(dispatcher, flight);
	else if (lane_has_room(lane))
		attempt_start(dispatcher, flight, lane);
	else
		wait_for_room(flight, lane);
}

static void
leave_queue(struct dispatcher *dispatcher, struct flight *flight)
{
	struct lane *lane = dispatcher->lanes[flight->provider];

	g_queue_unlink(&lane->waiting, &flight->waiting);
	flight->state = FLIGHT_NEW;
}

void
dispatcher_wake(struct dispatcher *dispatcher, struct lane *lane)
{
	unsigned left = g_queue_get_length(&lane->waiting);
	int64_t now = clock_monotonic_ms();
	GList *next, *link = lane->waiting.head;

	/* advancing one touches no other, and adds only behind the last */
	for (; left > 0; left--, link = next) {
		struct flight *flight = link->data;
		next = link->next;
		if (!lane_has_room(lane) && lane_allows_all(lane))
			return;
		if (!lane_has_room(lane) &&
		    lane_allows(lane, flight->from_domain, now))
			continue;
		leave_queue(dispatcher, flight);
		dispatcher_advance(dispatcher, flight);
	}
}

static void
on_timer(void *object)
{
	struct flight *flight = object;
	struct dispatcher *dispatcher = flight->dispatcher;
	const struct submission *submission = flight->message->submission;
	int64_t left = submission->deadline_ms - clock_monotonic_ms();

	if (flight->state == FLIGHT_FROZEN && left > 0) {
		flight->state = FLIGHT_NEW;
		loop_timer_set(flight->timer, left);
		dispatcher_advance(dispatcher, flight);
		return;
	}
	if (flight->state == FLIGHT_QUEUED)
		leave_queue(dispatcher, flight);
	if (flight->state == FLIGHT_FROZEN)
		flight->state = FLIGHT_NEW;
	if (flight->state == FLIGHT_NEW)
		land(dispatcher, flight);
	else if (!flight->answered)
		answer_open(dispatcher, flight);
}

/* No provider's plan can carry it: told for good, with what stands in the way
 * at the first. */
static void
exclude_impossible(struct flight *flight)
{
	for (unsigned i = 0; i < flight->ledger->providers; i++) {
		enum plan_obstacle obstacle = flight->plans[i].obstacle;
		if (obstacle == PLAN_POSSIBLE)
			continue;
		ledger_exclude(flight->ledger, i,
		    obstacle == PLAN_TOO_LARGE ? 552 : 554,
		    plan_obstacle_text(obstacle));
	}
}

static void
on_flight(void *owner, struct letter *letter)
{
	struct flight *flight = LETTER_OF(letter, struct flight, letter);
	struct dispatcher *dispatcher = flight->dispatcher;
	int64_t now = clock_monotonic_ms();

	(void)owner;
	g_queue_push_tail_link(&dispatcher->flights, &flight->link);
	flight->timer =
	    loop_timer_new(dispatcher->options.loop, on_timer, flight);
	loop_timer_set(flight->timer,
	    MAX(flight->message->submission->deadline_ms - now, (int64_t)0));
	memory_recall(dispatcher->memory, flight->message, flight->ledger, now);
	exclude_impossible(flight);
	dispatcher_advance(dispatcher, flight);
}

void
dispatcher_post(struct dispatcher *dispatcher, struct flight *flight)
{
	flight->dispatcher = dispatcher;
	loop_post(dispatcher->options.loop, &flight->letter, on_flight);
}

struct stop_letter {
	struct letter letter;
	struct dispatcher *dispatcher;
	loop_fn stopped;
	void *object;
};

static void
on_stop(void *owner, struct letter *letter)
{
	struct stop_letter *stop =
	    LETTER_OF(letter, struct stop_letter, letter);
	struct dispatcher *dispatcher = stop->dispatcher;
	GList *link = dispatcher->flights.head;

	(void)owner;
	dispatcher->stopping = true;
	if (stop->stopped != NULL) {
		dispatcher->stopped = stop->stopped;
		dispatcher->stopped_object = stop->object;
	}
	g_free(stop);
	while (link != NULL) {
		struct flight *flight = link->data;
		link = link->next;
		if (flight->state == FLIGHT_QUEUED)
			leave_queue(dispatcher, flight);
		if (flight->state == FLIGHT_FROZEN)
			flight->state = FLIGHT_NEW;
		if (flight->state == FLIGHT_NEW)
			land(dispatcher, flight);
	}
	tell_if_stopped(dispatcher);
}

void
dispatcher_stop(struct dispatcher *dispatcher, loop_fn stopped, void *object)
{
	struct stop_letter *stop = g_new0(struct stop_letter, 1);

	stop->dispatcher = dispatcher;
	stop->stopped = stopped;
	stop->object = object;
	loop_post(dispatcher->options.loop, &stop->letter, on_stop);
}

void
dispatcher_free(struct dispatcher *dispatcher)
{
	if (dispatcher == NULL)
		return;
	g_assert(g_queue_is_empty(&dispatcher->flights));
	for (unsigned i = 0; i < dispatcher->route->providers->len; i++)
		lane_free(dispatcher->lanes[i]);
	g_free(dispatcher->lanes);
	g_free(dispatcher->names);
	memory_free(dispatcher->memory);
	route_free(dispatcher->route);
	config_unref(dispatcher->options.config);
	g_free(dispatcher);
}
