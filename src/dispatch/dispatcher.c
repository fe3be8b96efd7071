/* SPDX-License-Identifier: MIT */
#include "dispatch/dispatcher.h"

#include "cutoff.h"
#include "doubt.h"
#include "evidence.h"
#include "harvest.h"
#include "inquest.h"
#include "keeping.h"
#include "lane_state.h"
#include "pause.h"
#include "probe.h"
#include "ramp.h"
#include "report.h"
#include "reserve.h"
#include "state.h"
#include "succession.h"
#include "weighing.h"

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
	{ "server", "doubt_asks", SETTING_DURATIONS,
	    "5s, 20s, 60s, 3m, 10m, 30m, 35m", .min = 1, .max = 86400000,
	    .help = "When a provider that never answered is asked whether it "
		    "has the mail, each counted from when the attempt began; "
		    "and once more before the mail is sent again." },
	{ "server", "doubt_proof", SETTING_DURATION, "30m", .min = 0,
	    .max = 86400000,
	    .help = "With doubt = prefer_once: how long after the attempt a "
		    "provider has to say that it does not have the mail, to "
		    "be believed." },
	{ "server", "doubt_once", SETTING_DURATION, "35m", .min = 0,
	    .max = 86400000,
	    .help = "How long mail in doubt is not sent again with doubt = "
		    "prefer_once, and not held with doubt = never_twice." },
	{ "server", "doubt_wait_smtp", SETTING_DURATION, "5m", .min = 0,
	    .max = 86400000,
	    .help = "An SMTP server took the whole mail and never answered: "
		    "how long after the attempt began the same server gets it "
		    "again, which may know it; each pause after that is as "
		    "long as the doubt has lasted, and so much more." },
	{ "server", "doubt_move_smtp", SETTING_DURATION, "15m", .min = 0,
	    .max = 86400000,
	    .help = "The same: how long after the first attempt another "
		    "provider is asked." },
	{ "server", "probe_interval", SETTING_DURATION, "5m", .min = 0,
	    .max = 86400000,
	    .help = "How often each provider is asked, without sending mail, "
		    "whether our account there is well; each time 20 % more or "
		    "less; 0: never." },
	{ "server", "doubt_attempts", SETTING_NUMBER, "3", .min = 1, .max = 100,
	    .help = "How many attempts may end in doubt before a recipient is "
		    "held, or without a queue not sent again: it may have been "
		    "delivered each time." },
	{ "server", "answer_floor", SETTING_DURATION, "20s", .min = 1,
	    .max = 600000,
	    .help = "Without a queue: how long an attempt may go on behind "
		    "the client's deadline, so that its outcome is known when "
		    "the mail is sent again." },
	{ "server", "remember", SETTING_DURATION, "4h", .min = 0,
	    .max = 604800000,
	    .help = "How long the outcome of mail that was answered 451 is "
		    "remembered, so that its resend skips who has it." },
	{ "server", "remember_most", SETTING_NUMBER, "100000", .min = 0,
	    .max = 10000000,
	    .help = "Recipients remembered at most; the oldest go first." },
	{ "server", "attempt_timeout", SETTING_DURATION, "90s", .min = 1,
	    .max = 3600000,
	    .help = "How long one attempt may last at most where there is a "
		    "queue." },
	{ "server", "retry", SETTING_DURATIONS,
	    "30s, 1m, 2m, 4m, 8m, 15m, 30m, 1h", .min = 1, .max = 86400000,
	    .help = "How long mail of the queue waits after it was tried in "
		    "vain: for the first time, the second, ..., the last of "
		    "them from then on; each 20 % more or less." },
	{ "server", "give_up", SETTING_DURATION, "5d", .min = 1,
	    .max = 2592000000,
	    .help = "How long mail of the queue is tried before it bounces; "
		    "with the null sender 2 days at most." },
	{ "server", "warn_after", SETTING_DURATION, "0", .min = 0,
	    .max = 2592000000,
	    .help = "When the sender of mail that is delayed is told so, "
		    "once; 0: never." },
	{ "server", "refusal_wait", SETTING_DURATION, "10s", .min = 0,
	    .max = 600000,
	    .help = "How long a refusal by one provider waits before anyone is "
		    "told of it, while that provider takes no other mail: if "
		    "it refuses everything, the fault is its own; 0: not." },
	{ "server", "soft_bounce", SETTING_BOOL, "no",
	    .help = "Nothing is refused for good: recipients that would bounce "
		    "wait on, clients are told 451. For the first days, to see "
		    "in the log what would have bounced." },
	{ "server", "bounce_route", SETTING_STRING,
	    .help = "The route of bounces and warnings; not set: as all "
		    "mail." },
	{ "server", "bounce_domains", SETTING_LIST,
	    .help = "Only senders in these domains get bounces, for others "
		    "the mail is held; .example.com are those below "
		    "example.com; not set: the domains of the providers and "
		    "those above them." },
	{ .section = NULL },
};

/* A carrier that breaks off an attempt at its deadline tells so by then. */
#define BREAK_OFF_MS INT64_C(5000)

static int64_t
read_server(const struct dispatcher *dispatcher, const char *key)
{
	return config_number(dispatcher->options.config, "server", key);
}

/* How long an attempt may go on behind a client's deadline, at most. */
static int64_t
find_overtime(const struct dispatcher *dispatcher)
{
	if (dispatcher->options.journal == NULL)
		return dispatcher->answer_floor_ms;
	return MAX(dispatcher->answer_floor_ms, dispatcher->attempt_ms);
}

static void
read_settings(struct dispatcher *dispatcher)
{
	const struct dispatcher *before = dispatcher->options.before;

	dispatcher->limits = (struct lane_limits){
		.breaker = { read_server(dispatcher, "pause_min"),
		    read_server(dispatcher, "pause_max") },
		.account_ms = read_server(dispatcher, "account_pause"),
		.sender_ms = read_server(dispatcher, "sender_pause"),
		.throttle_ms = read_server(dispatcher, "throttle_pause"),
	};
	patience_read(&dispatcher->patience, dispatcher->options.config);
	dispatcher->answer_floor_ms = read_server(dispatcher, "answer_floor");
	dispatcher->attempt_ms = read_server(dispatcher, "attempt_timeout");
	dispatcher->warn_after_ms = read_server(dispatcher, "warn_after");
	dispatcher->soft_bounce =
	    config_bool(dispatcher->options.config, "server", "soft_bounce");
	dispatcher->doubt_attempts =
	    (unsigned)read_server(dispatcher, "doubt_attempts");
	dispatcher->retry =
	    config_durations(dispatcher->options.config, "server", "retry");
	dispatcher->domains =
	    report_domains(dispatcher->options.config, dispatcher->map);
	struct memory_limits memory = {
		.keep_ms = read_server(dispatcher, "remember"),
		.most = (unsigned)read_server(dispatcher, "remember_most"),
		.open_ms = find_overtime(dispatcher) +
			   MAX(dispatcher->patience.wait_ms, BREAK_OFF_MS),
	};
	dispatcher->memory = before != NULL
				 ? memory_share(before->memory, &memory)
				 : memory_new(&memory);
	dispatcher->hearsay =
	    before != NULL ? hearsay_ref(before->hearsay) : hearsay_new();
	dispatcher->weighing = weighing_new(dispatcher->map->providers->len,
	    read_server(dispatcher, "refusal_wait"));
	dispatcher->alarms = alarms_new(
	    dispatcher->options.alarm, dispatcher->options.alarm_object);
}

char **
dispatcher_bounce_domains(struct config *config)
{
	struct route_map *map = route_map_open(config, NULL);
	char **domains =
	    map != NULL ? report_domains(config, map) : g_new0(char *, 1);

	route_map_free(map);
	return domains;
}

bool
dispatcher_check(struct config *config, GPtrArray *errors)
{
	bool fits = patience_check(config, errors);

	fits = report_check(config, errors) && fits;
	return route_map_check(config, errors) && fits;
}

static void
make_lanes(struct dispatcher *dispatcher)
{
	unsigned count = dispatcher->map->providers->len, speakers = 0;

	dispatcher->lanes = g_new0(struct lane *, count);
	dispatcher->names = g_new0(const char *, count + 1);
	dispatcher->smtp_names = g_new0(const char *, count + 1);
	dispatcher->cutoff = cutoff_new();
	for (unsigned i = 0; i < count; i++) {
		struct provider *provider =
		    route_map_provider(dispatcher->map, i);
		dispatcher->lanes[i] =
		    lane_new(provider, i, &dispatcher->limits);
		lane_clock(dispatcher->lanes[i], dispatcher_wall(dispatcher),
		    dispatcher_now(dispatcher));
		lane_join(dispatcher->lanes[i], dispatcher->cutoff);
		dispatcher->names[i] = provider->name;
		if (provider->translator->kind == EXCHANGE_SMTP)
			dispatcher->smtp_names[speakers++] = provider->name;
	}
}

struct dispatcher *
dispatcher_new(const struct dispatcher_options *options, GError **error)
{
	struct route_map *map = route_map_open(options->config, error);
	if (map == NULL)
		return NULL;
	struct dispatcher *dispatcher = g_new0(struct dispatcher, 1);

	dispatcher->options = *options;
	config_ref(options->config);
	dispatcher->map = map;
	dispatcher->clocks = clockwatch_start(
	    dispatcher_wall(dispatcher), dispatcher_now(dispatcher));
	dispatcher->started_ms = dispatcher_now(dispatcher);
	dispatcher->started_wall_ms = dispatcher_wall(dispatcher);
	read_settings(dispatcher);
	g_queue_init(&dispatcher->flights);
	make_lanes(dispatcher);
	memory_name(dispatcher->memory, dispatcher->names);
	dispatcher->reserve = reserve_new(dispatcher);
	dispatcher->keeping = keeping_new(dispatcher);
	dispatcher->ramp = ramp_new(dispatcher);
	dispatcher->courtesy = report_courtesy(options->loop);
	doubt_open(dispatcher);
	probe_open(dispatcher);
	harvest_open(dispatcher);
	pause_open(dispatcher);
	if (options->before != NULL) {
		keeping_inherit(dispatcher, options->before);
		probe_inherit(dispatcher, options->before);
	} else {
		keeping_recall(dispatcher);
	}
	dispatcher->options.before = NULL;
	return dispatcher;
}

uint64_t
dispatcher_size_most(const struct dispatcher *dispatcher, const char *listener)
{
	return route_map_size_most(dispatcher->map, listener);
}

const struct route_map *
dispatcher_route(const struct dispatcher *dispatcher)
{
	return dispatcher->map;
}

int64_t
dispatcher_now(const struct dispatcher *dispatcher)
{
	return loop_now_ms(dispatcher->options.loop);
}

int64_t
dispatcher_wall(const struct dispatcher *dispatcher)
{
	return loop_wall_ms(dispatcher->options.loop);
}

struct known_terms
dispatcher_terms(const struct dispatcher *dispatcher)
{
	return (struct known_terms){
		.names = dispatcher->names,
		.wall_ms = dispatcher_wall(dispatcher),
		.now_ms = dispatcher_now(dispatcher),
	};
}

void
dispatcher_remember(struct dispatcher *dispatcher, const struct flight *flight)
{
	memory_keep(dispatcher->memory, flight->message, flight->ledger,
	    dispatcher_now(dispatcher));
}

void
dispatcher_release(struct dispatcher *dispatcher, struct flight *flight)
{
	g_queue_unlink(&dispatcher->flights, &flight->link);
}

/* Only asks, probes and harvests are under way, which nobody waits for. */
static void
break_off(const struct dispatcher *dispatcher)
{
	probe_break_off(dispatcher);
	harvest_break_off(dispatcher);
	for (unsigned i = 0; i < dispatcher->map->providers->len; i++)
		inquest_break_off(dispatcher->inquests[i]);
}

bool
dispatcher_cuts(
    const struct dispatcher *dispatcher, const struct flight *flight)
{
	return dispatcher->stopping || flight->record.lost ||
	       (dispatcher->heir != NULL && flight->queued);
}

void
dispatcher_hold(void *dispatcher)
{
	struct dispatcher *held = dispatcher;

	atomic_fetch_add_explicit(&held->holds, 1, memory_order_relaxed);
}

void
dispatcher_let_go(struct dispatcher *dispatcher)
{
	atomic_fetch_sub_explicit(&dispatcher->holds, 1, memory_order_release);
}

void
dispatcher_tell_if_stopped(struct dispatcher *dispatcher)
{
	if (!dispatcher->stopping || dispatcher->takeovers > 0 ||
	    !g_queue_is_empty(&dispatcher->flights))
		return;
	if (dispatcher->asides > 0) {
		break_off(dispatcher);
		return;
	}
	loop_fn stopped = dispatcher->stopped;
	dispatcher->stopped = NULL;
	if (stopped == NULL)
		return;
	keeping_stop(dispatcher);
	stopped(dispatcher->stopped_object);
}

static void
on_flight(void *owner, struct letter *letter)
{
	struct flight *flight = LETTER_OF(letter, struct flight, letter);
	struct dispatcher *dispatcher = flight->dispatcher;

	(void)owner;
	dispatcher_let_go(dispatcher);
	if (dispatcher->heir != NULL && !dispatcher->stopping) {
		succession_begin_anew(dispatcher->heir, flight);
		return;
	}
	g_queue_push_tail_link(&dispatcher->flights, &flight->link);
	round_start(dispatcher, flight);
}

void
dispatcher_post(struct dispatcher *dispatcher, struct flight *flight)
{
	flight->dispatcher = dispatcher;
	dispatcher_hold(dispatcher);
	loop_post(dispatcher->options.loop, &flight->letter, on_flight);
}

struct stop_letter {
	struct letter letter;
	struct dispatcher *dispatcher;
	loop_fn stopped;
	void *object;
};

void
dispatcher_halt(struct dispatcher *dispatcher, loop_fn stopped, void *object)
{
	GList *link = dispatcher->flights.head;

	dispatcher->stopping = true;
	if (stopped != NULL) {
		dispatcher->stopped = stopped;
		dispatcher->stopped_object = object;
	}
	while (link != NULL) {
		struct flight *flight = link->data;
		link = link->next;
		round_stop(dispatcher, flight);
	}
	pause_stop(dispatcher);
	doubt_stop(dispatcher);
	probe_stop(dispatcher);
	harvest_stop(dispatcher);
	reserve_stop(dispatcher);
	dispatcher_tell_if_stopped(dispatcher);
}

static void
on_stop(void *owner, struct letter *letter)
{
	struct stop_letter *stop =
	    LETTER_OF(letter, struct stop_letter, letter);

	(void)owner;
	dispatcher_halt(stop->dispatcher, stop->stopped, stop->object);
	g_free(stop);
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

struct look {
	const struct dispatcher *dispatcher;
	GPtrArray *standings;
};

static void
add_standing(struct look *look, unsigned number)
{
	struct lane *lane = look->dispatcher->lanes[number];
	struct provider_standing *one = g_new0(struct provider_standing, 1);
	int64_t now = dispatcher_now(look->dispatcher);

	lane_clock(lane, dispatcher_wall(look->dispatcher), now);
	lane_state_standing(lane, now, one);
	/* it never was in trouble */
	if (one->since_ms == lane->apart_ms)
		one->since_ms = look->dispatcher->started_wall_ms;
	probe_fill(look->dispatcher, number, one);
	one->doubts = evidence_waiting(look->dispatcher, number);
	g_ptr_array_add(look->standings, one);
}

static void
on_look(void *object)
{
	struct look *look = object;

	for (unsigned i = 0; i < look->dispatcher->map->providers->len; i++)
		add_standing(look, i);
}

GPtrArray *
dispatcher_standings(struct dispatcher *dispatcher)
{
	struct look look = {
		.dispatcher = dispatcher,
		.standings = g_ptr_array_new_with_free_func(standing_free),
	};

	loop_call(dispatcher->options.loop, on_look, &look);
	return look.standings;
}

static void
on_start(void *owner, struct letter *letter)
{
	struct stop_letter *start =
	    LETTER_OF(letter, struct stop_letter, letter);
	struct dispatcher *dispatcher = start->dispatcher;

	(void)owner;
	g_free(start);
	if (dispatcher->stopping)
		return;
	pause_start(dispatcher);
	probe_start(dispatcher);
	harvest_start(dispatcher);
}

void
dispatcher_start(struct dispatcher *dispatcher)
{
	struct stop_letter *start = g_new0(struct stop_letter, 1);

	start->dispatcher = dispatcher;
	loop_post(dispatcher->options.loop, &start->letter, on_start);
}

void
dispatcher_free(struct dispatcher *dispatcher)
{
	if (dispatcher == NULL)
		return;
	g_assert(g_queue_is_empty(&dispatcher->flights));
	pause_close(dispatcher);
	doubt_close(dispatcher);
	probe_close(dispatcher);
	harvest_close(dispatcher);
	for (unsigned i = 0; i < dispatcher->map->providers->len; i++)
		lane_free(dispatcher->lanes[i]);
	g_free(dispatcher->lanes);
	cutoff_free(dispatcher->cutoff);
	g_free(dispatcher->names);
	g_free(dispatcher->smtp_names);
	memory_free(dispatcher->memory);
	hearsay_unref(dispatcher->hearsay);
	weighing_free(dispatcher->weighing);
	reserve_free(dispatcher->reserve);
	keeping_free(dispatcher->keeping);
	ramp_free(dispatcher->ramp);
	courtesy_free(dispatcher->courtesy);
	alarms_free(dispatcher->alarms);
	route_map_free(dispatcher->map);
	g_strfreev(dispatcher->domains);
	config_unref(dispatcher->options.config);
	g_free(dispatcher);
}
