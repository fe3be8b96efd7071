/* SPDX-License-Identifier: MIT */
/*
 * The real dispatcher in a made-up world: a few providers that fall ill in
 * every way there is, a few clients that send again whatever got 451, all
 * driven by a seed in virtual time.  After each step the promises are checked:
 *
 *  - nobody who was accepted is sent again, nobody is sent twice at a time,
 *    nobody in doubt is sent before the doubt was waited out, nor back to the
 *    same provider in that round
 *  - nobody in doubt is sent before a provider that can be asked was asked
 *  - 250 means that every recipient was taken, 5xx that nobody is left
 *  - each sending is answered once, within its deadline
 *  - a provider that is paused is not asked, nor more at a time than it takes
 *  - the states of flights, ledgers and lanes agree; nobody waits for a lane
 *    that has room; no lane is left probing
 *  - when the storm is over every mail comes to an end
 *  - each attempt leaves one complete line in the log
 *
 * In most worlds there is a queue too, and the process dies now and then, with
 * all that was not on disk:
 *
 *  - no attempt of the queue's mail is sent that was not recorded to begin
 *  - nobody is lost: each recipient is final, or waits with a time, or is held
 *  - nobody is refused without a bounce in the same transaction, or held
 *  - nobody is sent again after so many doubts as are allowed, nor to the only
 *    provider before the schedule says so; a doubt is a round in vain
 *  - nobody is given up for an hour after the wall clock was set forward
 *  - nobody in doubt at an SMTP server is sent to another before its time
 *  - with prefer_once nobody is sent again but after a proof, with never_twice
 *    nobody is
 *  - who was accepted is sent again only where a crash or a doubt that was
 *    waited out explains it, each counted
 *
 * A seed that fails is run again and prints its trace; test_world SEED runs
 * one seed only.
 */
#include "dispatch/dispatcher.h"
#include "doubt.h"
#include "mail/submission.h"
#include "state.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "death.h"

#ifndef SEEDS
#define SEEDS 4000
#endif

/* Each kind of trouble comes about so often in all seeds. */
#define HAPPENED_LEAST 40

/* The clients */

static bool
is_refused(const struct mail *mail, const struct target *target)
{
	uint32_t fit = ((1u << world.suppliers) - 1) & ~mail->unfit;

	return target->refused || (fit & ~target->payload_by) == 0 ||
	       __builtin_popcount(target->payload_by) >= 2;
}

static void
check_answer(const struct mail *mail, unsigned code)
{
	unsigned known = 0, refused = 0;

	for (unsigned i = 0; i < mail->count; i++) {
		const struct target *target = &mail->targets[i];
		bool never = !target->known && is_refused(mail, target);
		refused += never;
		known += target->known || (target->evident && !never);
		if (code == 250 && target->taken == 0)
			violate(
			    "m%u: 250, and r%u has nothing", mail->number, i);
	}
	if (code == 250 && known != mail->count)
		violate("m%u: 250 without knowing", mail->number);
	if (code >= 500 && (refused == 0 || known + refused != mail->count))
		violate("m%u: %u, %u known, %u refused of %u", mail->number,
		    code, known, refused, mail->count);
	if (virtual.now_ms > mail->deadline_ms)
		violate("m%u is answered late", mail->number);
}

/* Some clients are patient. */
static int64_t
choose_delay(void)
{
	return 1000 + virtual_random(virtual_chance(40) ? 5000 : 200000);
}

/* Who may have it so many times already is not sent it again: only its client
 * ends that. */
static bool
is_spent(const struct mail *mail)
{
	for (unsigned i = 0; i < mail->count; i++)
		if (mail->targets[i].doubts >= world.doubt_attempts)
			return true;
	return false;
}

/* Clients send again until they know, but for that. */
static bool
gives_up(const struct mail *mail)
{
	return is_spent(mail) && mail->sendings > 20;
}

static void
post_answer(void *server, struct answer *answer)
{
	struct mail *mail = &world.mail[answer->session >> 16];

	(void)server;
	if (world.ghost) {
		answer_free(answer);
		return;
	}
	virtual_trace("m%u: %u %s", mail->number, answer->code, answer->text);
	if (!mail->asked || mail->asking != (answer->session & 0xffff))
		violate("m%u is answered twice", mail->number);
	mail->asked = false;
	mail->code = answer->code;
	if (g_str_has_prefix(answer->text, "Ok: queued as")) {
		if (!mail->row.there && !mail->row.finished)
			violate("m%u: 250, and it is not kept", mail->number);
	} else if (strcmp(answer->enhanced, "4.3.0") != 0) {
		check_answer(mail, answer->code);
	}
	if (answer->code == 451 && !world.stopping && !gives_up(mail))
		virtual_after(choose_delay(), on_client, mail);
	answer_said(answer);
	answer_free(answer);
}

static void
answer_fresh(struct mail *mail, bool kept)
{
	if (world.ghost)
		return;
	virtual_trace("m%u: %s", mail->number, kept ? "kept" : "not kept");
	mail->asked = false;
	mail->code = kept ? 250 : 451;
	if (!kept)
		virtual_after(choose_delay(), on_client, mail);
}

static void
keep_fresh(struct mail *mail)
{
	struct note *note = g_new0(struct note, 1);

	note->fresh = mail;
	add_note(note);
}

static void
submit(struct mail *mail)
{
	struct submission *submission = make_submission(mail);

	submission->return_to.post = post_answer;
	fly(make_message_of(mail, submission));
}

/* The client sends its mail, for the first time or again. */
static void
on_client(void *object)
{
	struct mail *mail = object;

	if (world.stopping)
		return;
	mail->asking = ++mail->sendings;
	mail->asked = true;
	mail->deadline_ms = virtual.now_ms + DEADLINE_MS;
	mail->row.received_ms = clock_wall_ms();
	virtual_trace("m%u: sending %u", mail->number, mail->sendings);
	if (mail->queued)
		keep_fresh(mail);
	else
		submit(mail);
}

/* What must hold whenever nothing happens */

static bool
is_flying(const struct flight *flight)
{
	return flight->state == FLIGHT_ENCODING ||
	       flight->state == FLIGHT_BEGINNING ||
	       flight->state == FLIGHT_SENDING;
}

static bool
is_taken(const struct flight *flight, const struct lane *lane)
{
	const struct lane_query query = {
		.from_domain =
		    flight_domain(flight, flight->group, lane->provider),
		.failover = flight->line == LANE_MOVED,
		.recipients = 1,
	};
	int64_t when = world.dispatcher->pauses[lane->number].at_ms;

	/* its timer goes off soon: a rate may rise meanwhile */
	if (when != 0 && when <= virtual.now_ms + 1000)
		return false;
	return lane_ask(lane, &query, virtual.now_ms, &when) == LANE_TAKES;
}

static void
check_flight(const struct flight *flight)
{
	const struct ledger *ledger = flight->ledger;
	const struct lane *lane = world.dispatcher->lanes[flight->provider];
	unsigned open = ledger_count(ledger, RECIPIENT_OPEN);
	bool flies = is_flying(flight);
	bool queued = false;

	for (unsigned i = 0; i < LANE_LINES; i++)
		queued = queued || g_queue_find((GQueue *)&lane->lines[i],
				       flight) != NULL;
	if (flight->state == FLIGHT_NEW)
		violate("a flight rests without a state");
	if (open != (flies ? flight->delivery->count : 0))
		violate("%u recipients open in state %d", open, flight->state);
	if (queued != (flight->state == FLIGHT_QUEUED))
		violate("state %d and the queue disagree", flight->state);
	if (queued && is_taken(flight, lane))
		violate("a flight waits for %s, which takes it",
		    lane->provider->name);
	if (flight->state == FLIGHT_FROZEN &&
	    doubt_next(flight) < virtual.now_ms)
		violate("a flight is frozen for nothing");
	if (flight->answered && !flies)
		violate("an answered flight is kept");
	if (flight->queued &&
	    (flight->answered || flight->state == FLIGHT_FROZEN))
		violate("a flight of the queue in state %d", flight->state);
}

static unsigned
count_attempts(unsigned provider)
{
	unsigned count = 0;

	for (GList *link = world.dispatcher->flights.head; link != NULL;
	     link = link->next) {
		const struct flight *flight = link->data;
		count += flight->provider == provider && is_flying(flight);
	}
	return count;
}

static void
check_lane(const struct lane *lane)
{
	unsigned attempts = count_attempts(lane->number);
	GHashTableIter iter;
	gpointer value;

	if (lane->requests != attempts)
		violate("%s counts %u requests of %u", lane->provider->name,
		    lane->requests, attempts);
	if (lane->breaker.state == BREAKER_PROBING && attempts == 0)
		violate("%s is left probing", lane->provider->name);
	g_hash_table_iter_init(&iter, lane->senders);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct breaker *sender = value;
		if (sender->state == BREAKER_PROBING && attempts == 0)
			violate("%s is left probing a From domain",
			    lane->provider->name);
	}
}

static void
check_rest(void)
{
	for (GList *link = world.dispatcher->flights.head; link != NULL;
	     link = link->next)
		check_flight(link->data);
	for (unsigned i = 0; i < world.suppliers; i++)
		check_lane(world.dispatcher->lanes[i]);
}

/* The world */

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

static void
make_supplier(struct supplier *supplier, unsigned number)
{
	static const unsigned batches[] = { 0, 0, 1, 3, 16 };

	supplier->translator = (struct translator){
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

/* Half of the mails come in three bursts. */
static int64_t
choose_arrival(void)
{
	if (virtual_chance(50))
		return virtual_random(STORM_MS / 2);
	return virtual_random(3) * (STORM_MS / 8) + virtual_random(40);
}

static void
make_mail(struct mail *mail, unsigned number)
{
	mail->number = number;
	mail->from = virtual_random(2);
	mail->count =
	    virtual_chance(20) ? 1 + virtual_random(40) : 1 + virtual_random(4);
	mail->disliked = choose_some(10);
	mail->unfit = choose_some(5);
	mail->queued = world.queue && virtual_chance(60);
	mail->mute = virtual_chance(20);
	if (mail->queued && virtual_chance(30))
		mail->policy =
		    virtual_chance(50) ? DOUBT_PREFER_ONCE : DOUBT_NEVER_TWICE;
	for (unsigned i = 0; i < mail->count; i++)
		mail->targets[i].bad = choose_some(4);
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

/* Days forward.  What was to be waited out by the wall clock is over. */
static void
on_jump(void *object)
{
	(void)object;
	virtual_trace("the wall clock is set forward");
	happened[HAPPENED_JUMP]++;
	virtual.set_ms += 10 * 86400000;
	world.jumped_ms = virtual.now_ms;
	for (unsigned i = 0; i < world.mails; i++)
		for (unsigned n = 0; n < world.mail[i].count; n++)
			world.mail[i].targets[n].doubt_until_ms = 0;
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
	if (world.queue && virtual_chance(10))
		virtual_after(virtual_random(STORM_MS), on_jump, NULL);
	while (world.queue && virtual_chance(40))
		virtual_after(virtual_random(STORM_MS), on_death, NULL);
}

static void
make_world(void)
{
	static const char *list[SUPPLIERS + 1];

	world.suppliers = 1 + virtual_random(SUPPLIERS);
	world.mails = 1 + virtual_random(MAILS);
	world.jobs = g_ptr_array_new_with_free_func(free_job);
	for (unsigned i = 0; i < world.suppliers; i++)
		make_supplier(&world.all[i], i);
	for (unsigned i = 0; i <= SUPPLIERS; i++)
		list[i] = i < world.suppliers ? names[i] : NULL;
	virtual.list = list;
	world.dispatcher = make_dispatcher();
	for (unsigned i = 0; i < world.mails; i++)
		make_mail(&world.mail[i], i);
	make_ends();
}

/* What the row says is true. */
static void
check_recipient(const struct mail *mail, unsigned number)
{
	const struct recipient *is = &mail->row.known[number];
	const struct target *target = &mail->targets[number];

	switch (is->state) {
	case RECIPIENT_ACCEPTED:
		if (target->taken == 0)
			violate("m%u r%u: accepted, and nobody has it",
			    mail->number, number);
		return;
	case RECIPIENT_REFUSED:
		if (!(mail->row.told & UINT64_C(1) << number))
			violate("m%u r%u: refused, and nobody was told",
			    mail->number, number);
		if (!is_refused(mail, target) &&
		    !g_str_has_prefix(is->text, "gave up"))
			violate(
			    "m%u r%u: refused by nobody", mail->number, number);
		return;
	default:
		return;
	}
}

static void
check_kept(const struct mail *mail)
{
	const struct row *row = &mail->row;

	if (!row->there && !row->finished)
		return;
	for (unsigned i = 0; i < mail->count; i++)
		check_recipient(mail, i);
	/* what is proof by its age is none for an hour then */
	if (mail->policy == DOUBT_PREFER_ONCE && world.jumped_ms != 0)
		return;
	if (!world.stopping && row->there && row->hold == NULL)
		violate("m%u has no end in the queue", mail->number);
}

static void
check_end(void)
{
	for (unsigned i = 0; i < world.mails; i++) {
		const struct mail *mail = &world.mail[i];
		if (mail->asked)
			violate("m%u has no answer", i);
		if (!world.stopping && mail->code == 451 && !gives_up(mail))
			violate("m%u has no end", i);
		check_kept(mail);
	}
}

static void
run_until(int64_t end_ms)
{
	while (virtual.now_ms < end_ms && world.violation == NULL &&
	       virtual_step())
		check_rest();
}

static void
close_world(void)
{
	for (unsigned i = 0; i < world.mails; i++) {
		struct mail *mail = &world.mail[i];
		if (mail->row.there && mail->row.active)
			violate("m%u never lands", i);
		for (unsigned n = 0; mail->row.known && n < mail->count; n++)
			recipient_clear(&mail->row.known[n]);
		g_free(mail->row.known);
	}
	dispatcher_free(world.dispatcher);
	g_ptr_array_unref(world.jobs);
	virtual_close();
}

/* The violation, or NULL. */
static char *
run_seed(uint32_t seed)
{
	memset(&world, 0, sizeof world);
	world.seed = seed;
	virtual_open(seed);
	virtual.logged = on_logged;
	make_settings();
	make_world();
	run_until(virtual.now_ms + STORM_MS + PATIENCE_MS);
	if (world.violation == NULL)
		check_end();
	if (world.violation != NULL)
		return world.violation; /* left as it is */
	dispatcher_stop(world.dispatcher, on_stopped, NULL);
	run_until(INT64_MAX);
	if (world.logged != world.answered)
		violate("%u of %u attempts are logged", world.logged,
		    world.answered);
	if (world.stopped != 1)
		violate("stopped() was called %u times", world.stopped);
	close_world();
	return world.violation;
}

static void
explain_seed(uint32_t seed)
{
	virtual.trace = stderr;
	run_seed(seed);
	virtual.trace = NULL;
}

static void
on_crash(int number)
{
	fprintf(stderr, "seed %u: see test_world %u\n", world.seed, world.seed);
	signal(number, SIG_DFL);
	raise(number);
}

static void
test_seeds(void **state)
{
	(void)state;
	signal(SIGABRT, on_crash);
	signal(SIGSEGV, on_crash);
	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		if (run_seed(seed) == NULL)
			continue;
		explain_seed(seed);
		fail_msg("seed %u: %s", seed, world.violation);
	}
	for (unsigned i = 0; i < HAPPENINGS; i++)
		print_message("%6u %s\n", happened[i], happenings[i]);
	for (unsigned i = 0; i < HAPPENINGS; i++)
		assert_in_range(happened[i], HAPPENED_LEAST, UINT_MAX);
}

int
main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seeds),
	};

	if (argc > 1) {
		explain_seed((uint32_t)atoi(argv[1]));
		return world.violation != NULL;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
