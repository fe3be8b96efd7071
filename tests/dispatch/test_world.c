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
 *  - nobody goes by a provider outside of his route, nor together with those of
 *    another; providers are asked in the order of the route, first the one
 *    drawn by its weight
 *  - who is on the suppression list of a provider that is respected goes by no
 *    other one, in no later round either
 *  - no provider gets more recipients in an hour or a day than its quotas
 *    allow, over restarts and a clock set forward or back, nor more of what
 *    others failed than its allowance
 *  - the states of flights, ledgers and lanes agree; nobody waits for a lane
 *    that has room; no lane is left probing; something is under way that ends
 *    each state
 *  - when the storm is over every mail comes to an end
 *  - each attempt leaves one complete line in the log
 *
 * In most worlds there is a queue too, and the process dies now and then, with
 * all that was not on disk:
 *
 *  - no attempt of the queue's mail is sent that was not recorded to begin
 *  - nobody is lost: each recipient is final, or waits with a time, or is held;
 *    each mail is in one place, and nothing goes round and round
 *  - nobody is refused without a bounce in the same transaction, or held
 *  - nobody is sent again after so many doubts as are allowed, nor to the only
 *    provider before the schedule says so; a doubt is a round in vain
 *  - nobody is given up for an hour after the wall clock was set forward
 *  - nobody in doubt at an SMTP server is sent to another before its time
 *  - with prefer_once nobody is sent again but after a proof, with never_twice
 *    nobody is
 *  - who was accepted is sent again only where a crash or a doubt that was
 *    waited out explains it, each counted, by the journal too
 *
 * A seed that fails is run again and prints its trace; test_world SEED runs
 * one seed only, test_world FIRST LAST all of those, and says which fail.
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

#include "genesis.h"

/* Fewer where each takes ten times as long. */
#ifndef SEEDS
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SEEDS 2500
#else
#define SEEDS 10000
#endif
#endif

/* Whatever reads a clock twice sees it move now and then. */
#define CREEP_US 100

/* Each kind of trouble comes about so often in all seeds. */
#define HAPPENED_LEAST (SEEDS / 250)

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
	for (unsigned i = 0; i < mail->count; i++)
		if (find_policy(mail, i) == DOUBT_PREFER_ONCE &&
		    world.set_ms != 0)
			return;
	if (world.mails == MAILS_MAX)
		return; /* no bounce can be made any more */
	/* doubts use a quota up too */
	if (is_parched(mail))
		return;
	/* only other mail shows that it is well again */
	if (!world.stopping && !world.distrust && !world.thirsty &&
	    row->there && row->hold == NULL)
		violate("m%u has no end in the queue", mail->number);
}

/* Who has it more than once has so by a doubt that was counted. */
static void
check_copies(const struct mail *mail)
{
	unsigned more = 0;

	for (unsigned i = 0; i < mail->count; i++)
		more += MAX(mail->targets[i].taken, 1) - 1;
	if (!world.queue || mail->died || world.stopping)
		return;
	happened[HAPPENED_TWICE] += more;
	if (more > mail->possible)
		violate("m%u: %u copies too many, %u are counted", mail->number,
		    more, mail->possible);
}

static void
check_end(void)
{
	for (unsigned i = 0; i < world.mails; i++) {
		const struct mail *mail = &world.mail[i];
		if (mail->asked && virtual.now_ms >= mail->deadline_ms)
			violate("m%u has no answer", i);
		if (!world.stopping && mail->code == 451 && !is_spent(mail) &&
		    !world.distrust && !world.thirsty && !is_parched(mail))
			violate("m%u has no end", i);
		check_kept(mail);
		check_copies(mail);
	}
}

static void
run_until(const int64_t *end_ms)
{
	while (virtual.now_ms < *end_ms && world.violation == NULL &&
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
		g_free(mail->targets);
	}
	for (unsigned i = 0; i < world.suppliers; i++)
		g_array_unref(world.all[i].budget.moved);
	dispatcher_free(world.dispatcher);
	g_ptr_array_unref(world.jobs);
	g_ptr_array_unref(world.states);
	virtual_close();
}

/* A quota that is used up is new in the next hour. */
static int64_t
find_patience(void)
{
	for (unsigned i = 0; i < world.suppliers; i++)
		if (world.all[i].provider.pace.hour_max > 0 ||
		    world.all[i].provider.pace.day_max > 0)
			return PATIENCE_MS + 4 * HOUR_MS;
	return PATIENCE_MS;
}

/* The violation, or NULL. */
static char *
run_seed(uint32_t seed)
{
	memset(&world, 0, sizeof world);
	world.seed = seed;
	virtual_open(seed);
	virtual.creep_us = CREEP_US;
	virtual.phase_us = seed * 37 % 1000;
	virtual.logged = on_logged;
	make_settings();
	make_world();
	world.end_ms = virtual.now_ms + STORM_MS + find_patience();
	run_until(&world.end_ms);
	if (world.violation == NULL)
		check_end();
	if (world.violation != NULL)
		return world.violation; /* left as it is */
	dispatcher_stop(world.dispatcher, on_stopped, NULL);
	virtual_after(0, on_stopping, NULL); /* clients give up */
	world.end_ms = INT64_MAX;
	run_until(&world.end_ms);
	if (world.logged != world.answered)
		violate("%u of %u attempts are logged", world.logged,
		    world.answered);
	if (world.stopped != 1)
		violate("stopped() was called %u times", world.stopped);
	if (world.violation == NULL)
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

/* What was drawn by weights is what they say, within a twentieth. */
static void
check_lots(void)
{
	double share = ((double)lots.first - lots.expected) / lots.count;

	print_message("%6u of %u lots fell on the first, expected %.0f\n",
	    lots.first, lots.count, lots.expected);
	if (share > 0.05 || share < -0.05)
		fail_msg("weighted routes draw wrongly");
}

static void
test_seeds(void **state)
{
	(void)state;
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
	check_lots();
}

/* One that fails leaves its world as it is: what that held is not freed. */
static int
run_range(uint32_t first, uint32_t last)
{
	int failed = 0;

	for (uint32_t seed = first; seed <= last; seed++) {
		if (run_seed(seed) == NULL)
			continue;
		failed++;
		printf("seed %u: %s\n", seed, world.violation);
	}
	return failed > 0;
}

int
main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seeds),
	};

	signal(SIGABRT, on_crash);
	signal(SIGSEGV, on_crash);
	if (argc > 2)
		return run_range(
		    (uint32_t)atoi(argv[1]), (uint32_t)atoi(argv[2]));
	if (argc > 1) {
		explain_seed((uint32_t)atoi(argv[1]));
		return world.violation != NULL;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
