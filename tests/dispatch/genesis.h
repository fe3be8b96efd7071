/* SPDX-License-Identifier: MIT */
/*
 * The made-up world is made: its providers, mails and settings, what befalls
 * it and when, all drawn by the seed.
 */
#ifndef TESTS_DISPATCH_GENESIS_H
#define TESTS_DISPATCH_GENESIS_H

#include "rest.h"

struct provider *
provider_open(const char *name, struct config *config, GError **error)
{
	(void)config;
	(void)error;
	return &world.all[name[1] - '0'].provider;
}

void
provider_unref(struct provider *provider)
{
	(void)provider;
}

static struct provider_pace
choose_pace(void)
{
	static const double rates[] = { 0.2, 1, 5 };
	struct provider_pace pace = { .burst = 1 + virtual_random(3),
		.overflow = virtual_chance(80) };

	if (virtual_chance(20))
		pace.rate = rates[virtual_random(G_N_ELEMENTS(rates))];
	if (virtual_chance(15))
		pace.hour_max = 8 + virtual_random(60);
	if (virtual_chance(10))
		pace.day_max = 15 + virtual_random(80);
	return pace;
}

static void
make_supplier(struct supplier *supplier, unsigned number)
{
	static const unsigned batches[] = { 0, 0, 1, 3, 16 };
	static const char *const types[] = { "one", "two", "three" };

	supplier->translator = (struct translator){
		.type = types[virtual_random(G_N_ELEMENTS(types))],
		.encode = encode,
		.decode = decode,
		.limits = { .fields = true,
		    .recipients =
			batches[virtual_random(G_N_ELEMENTS(batches))],
		    .ask_minute = 60 },
	};
	if (virtual_chance(60)) {
		supplier->translator.limits.ask_batch = 1 + virtual_random(4);
		supplier->translator.ask = ask;
		supplier->translator.asked = asked;
	} else if (virtual_chance(50)) {
		supplier->translator.kind = EXCHANGE_SMTP;
	}
	supplier->provider = (struct provider){
		.name = (char *)names[number],
		.translator = &supplier->translator,
		.endpoint.connections = 1 + virtual_random(3),
		.size_bytes = 1000000,
		.self = supplier,
	};
	supplier->whole = virtual_chance(30);
	supplier->provider.respects_suppression = virtual_chance(50);
	supplier->provider.pace = choose_pace();
	open_budget(supplier);
}

static uint32_t
choose_some(unsigned percent)
{
	uint32_t some = 0;

	for (unsigned i = 0; i < SUPPLIERS; i++)
		if (virtual_chance(percent))
			some |= 1u << i;
	return some;
}

/* Nothing slows the mail down, and each supplier puts off most of it: it moves
 * on to the next. */
static void
open_floodgates(void)
{
	for (unsigned i = 0; i < world.suppliers; i++) {
		struct supplier *supplier = &world.all[i];
		supplier->provider.endpoint.connections = 20;
		supplier->provider.pace =
		    (struct provider_pace){ .burst = 1, .overflow = true };
		supplier->mood = GREYLISTING;
		supplier->mood_until_ms = virtual.now_ms + 120000;
		g_array_unref(supplier->budget.moved);
		open_budget(supplier);
	}
}

/* Half of the mails come in three bursts. */
static int64_t
choose_arrival(void)
{
	if (world.flooded)
		return virtual_random(40);
	if (virtual_chance(50))
		return virtual_random(STORM_MS / 2);
	return virtual_random(3) * (STORM_MS / 8) + virtual_random(40);
}

/* What it says itself. */
static void
choose_orders(struct mail *mail)
{
	mail->deaf = virtual_chance(10);
	mail->policy = mail->wants = ANY;
	if (world.queue && virtual_chance(25))
		mail->policy = (int)virtual_random(G_N_ELEMENTS(policies));
	if (world.signposts && virtual_chance(10))
		mail->wants = (int)virtual_random(world.road_count);
	happened[HAPPENED_ORDER] += mail->policy != ANY && !mail->deaf;
}

static void
make_mail(struct mail *mail, unsigned number)
{
	mail->number = number;
	mail->from = virtual_random(2);
	mail->count =
	    virtual_chance(20) ? 1 + virtual_random(40) : 1 + virtual_random(4);
	if (world.crowded)
		mail->count = 1;
	mail->disliked = choose_some(10);
	mail->unfit = choose_some(5);
	mail->queued = world.queue && virtual_chance(60);
	mail->mute = virtual_chance(20);
	choose_orders(mail);
	mail->targets = g_new0(struct target, mail->count);
	for (unsigned i = 0; i < mail->count; i++) {
		mail->targets[i].bad = choose_some(4);
		mail->targets[i].listed = choose_some(4);
	}
	virtual_after(choose_arrival(), on_client, mail);
}

static void
on_stopped(void *object)
{
	(void)object;
	world.stopped++;
	virtual_trace("stopped");
	if (!g_queue_is_empty(&world.dispatcher->flights))
		violate("stopped with flights under way");
}

/* Letters are read in order: what is posted before is begun, what comes later
 * is answered. */
static void
on_stopping(void *object)
{
	(void)object;
	world.stopping = true;
	virtual_trace("stopping");
}

static void
on_stop_time(void *object)
{
	(void)object;
	if (world.failed)
		return;
	dispatcher_stop(world.dispatcher, NULL, NULL);
	virtual_after(0, on_stopping, NULL);
}

/* What was to be waited out by the wall clock is over. */
static void
leap(int64_t ms)
{
	virtual.set_ms += ms;
	/* after a step back it may have been no leap in all */
	if (ms > HOUR_MS && !world.stepped_back)
		world.leapt_ms = virtual.now_ms;
	for (unsigned i = 0; i < world.mails; i++)
		for (unsigned n = 0; n < world.mail[i].count; n++)
			world.mail[i].targets[n].doubt_until_ms = 0;
}

static void
step_back(int64_t ms)
{
	happened[HAPPENED_BACK]++;
	virtual.set_ms -= ms;
	world.stepped_back = true;
	/* nobody may have looked in between */
	world.leapt_ms = 0;
	world.end_ms += ms;
	/* whoever lands from now on was not meant */
	world.woken_ms = MIN(world.woken_ms, virtual_wall_ms());
	for (unsigned i = 0; i < world.suppliers; i++) {
		turn_back(&world.all[i].budget.hour);
		turn_back(&world.all[i].budget.day);
	}
}

/* The wall clock is set, and the store sees it at once. */
static void
on_jump(void *object)
{
	int64_t ms = virtual_random(7200000);

	(void)object;
	happened[HAPPENED_JUMP]++;
	world.set_ms = virtual.now_ms;
	if (virtual_chance(40))
		step_back(ms);
	else
		leap(virtual_chance(50) ? 10 * DAY_MS : ms);
	virtual_trace(
	    "the wall clock is set, %" PRId64 " ms in all", virtual.set_ms);
	for (unsigned i = 0; i < world.mails; i++)
		if (is_loadable(&world.mail[i]))
			wait_until_due(&world.mail[i]);
}

static int64_t
choose(const int64_t *numbers, size_t count)
{
	return numbers[virtual_random((unsigned)count)];
}

static void
make_settings(void)
{
	static const int64_t doubts[] = { 0, 5000, 30000, 120000 };
	static const int64_t unlikely[] = { 0, 5000, 20000 };
	static const int64_t floors[] = { 1, 5000, 20000 };
	static const int64_t give_ups[] = { 60000, 300000, 432000000 };

	world.doubt_ms = choose(doubts, G_N_ELEMENTS(doubts));
	world.unlikely_ms = choose(unlikely, G_N_ELEMENTS(unlikely));
	world.queue = virtual_chance(60);
	world.give_up_ms = choose(give_ups, G_N_ELEMENTS(give_ups));
	g_array_append_vals(virtual.durations, retries, G_N_ELEMENTS(retries));
	virtual_set("give_up", world.give_up_ms);
	world.doubt_attempts = 1 + virtual_random(4);
	virtual_set("doubt_attempts", world.doubt_attempts);
	virtual_set("warn_after", virtual_chance(30) ? 60000 : 0);
	virtual_set("doubt_wait", world.doubt_ms);
	virtual_set("doubt_wait_error", world.unlikely_ms);
	virtual_set("doubt_once", ONCE_MS);
	virtual_set("doubt_wait_smtp", SAME_MS);
	virtual_set("doubt_move_smtp", MOVE_MS);
	virtual_set("doubt_proof", PROOF_MS);
	virtual_set("answer_floor", choose(floors, G_N_ELEMENTS(floors)));
	virtual_set("account_pause", ACCOUNT_MS);
	virtual_set("sender_pause", SENDER_MS);
}

static struct dispatcher *
make_dispatcher(void)
{
	struct dispatcher *dispatcher;
	struct dispatcher_options options = {
		.http = { .send = send_exchange },
		.relay = { .send = send_exchange },
		.hostname = "mail.example.com",
	};

	if (world.queue) {
		options.journal = post_journal;
		options.wake = wake;
		options.ramp = ramp;
		options.store = &world;
		options.states = world.states;
	}
	dispatcher = dispatcher_new(&options, NULL);
	/* as if many had been refused just before */
	if (virtual_chance(50))
		dispatcher->reports = (struct report_count){
			.minute_ms = virtual.now_ms,
			.made = 60,
			.waiting = virtual_random(100),
		};
	return dispatcher;
}

static void
make_ends(void)
{
	if (virtual_chance(25))
		virtual_after(virtual_random(STORM_MS), on_stop_time, NULL);
	while (virtual_chance(15))
		virtual_after(virtual_random(STORM_MS), on_jump, NULL);
	if (virtual_chance(15)) {
		world.cut_ms[0] = virtual.now_ms + virtual_random(STORM_MS);
		world.cut_ms[1] = world.cut_ms[0] + virtual_random(120000);
	}
	while (world.queue && virtual_chance(40))
		virtual_after(virtual_random(STORM_MS), on_death, NULL);
}

/* The quotas may not be enough for all that comes. */
static void
count_thirst(void)
{
	uint64_t all = 0;

	for (unsigned i = 0; i < world.mails; i++)
		all += world.mail[i].count;
	for (unsigned i = 0; i < world.suppliers; i++) {
		const struct provider_pace *pace = &world.all[i].provider.pace;
		world.thirsty |=
		    (pace->hour_max > 0 && all > 2 * pace->hour_max) ||
		    (pace->day_max > 0 && 2 * all > pace->day_max);
	}
}

/* Near the end of a day, or at any time of it. */
static void
set_clock(void)
{
	int64_t left = DAY_MS - virtual_wall_ms() % DAY_MS;
	int64_t before = virtual_random((unsigned)HOUR_MS);

	if (virtual_chance(50))
		before = virtual_random((unsigned)DAY_MS);
	virtual.set_ms = left + DAY_MS - before;
}

static void
make_world(void)
{
	static const char *list[SUPPLIERS + 1];

	set_clock();
	world.suppliers = 1 + virtual_random(SUPPLIERS);
	world.flooded = virtual_random(1000) < 6;
	world.crowded = world.flooded || virtual_chance(10);
	world.mails = world.crowded ? CROWD / 2 + virtual_random(CROWD / 2)
				    : 1 + virtual_random(MAILS);
	world.jobs = g_ptr_array_new_with_free_func(free_job);
	world.states = g_ptr_array_new_with_free_func(free_state);
	if (world.flooded)
		world.mails = FLOOD;
	for (unsigned i = 0; i < world.suppliers; i++)
		make_supplier(&world.all[i], i);
	if (world.flooded)
		open_floodgates();
	for (unsigned i = 0; i <= SUPPLIERS; i++)
		list[i] = i < world.suppliers ? names[i] : NULL;
	virtual.list = list;
	make_roads();
	world.dispatcher = make_dispatcher();
	for (unsigned i = 0; i < world.mails; i++)
		make_mail(&world.mail[i], i);
	count_thirst();
	make_ends();
}

#endif
