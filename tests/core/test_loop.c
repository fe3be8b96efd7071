/* SPDX-License-Identifier: MIT */
#include "core/loop.h"

#include "core/clock.h"
#include "threads.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib.h>

#define LETTERS 2000

/* Two loops that throw a ball: what is read on one is posted to the other. */
struct player {
	struct loop *loop;
	struct player *other;
	struct loop *main; /* told when the game is over */
	unsigned caught;
	bool elsewhere; /* something was read on another thread */
	char name[16];
};

struct ball {
	struct letter letter;
	unsigned throws; /* left */
};

static void
on_over(void *owner, struct letter *letter)
{
	unsigned *over = owner;

	free(LETTER_OF(letter, struct ball, letter));
	(*over)++;
}

static void
on_ball(void *owner, struct letter *letter)
{
	struct player *player = owner;
	struct ball *ball = LETTER_OF(letter, struct ball, letter);

	player->caught++;
	player->elsewhere |=
	    !loop_here(player->loop) || loop_here(player->other->loop);
	pthread_getname_np(pthread_self(), player->name, sizeof(player->name));
	if (ball->throws-- > 0)
		loop_post(player->other->loop, letter, on_ball);
	else
		loop_post(player->main, letter, on_over);
}

static struct ball *
make_ball(unsigned throws)
{
	struct ball *ball = calloc(1, sizeof(*ball));

	ball->throws = throws;
	return ball;
}

static void
on_quit(void *object)
{
	loop_quit(object);
}

/* Runs the loop until `over` has come to `count`, looked at every ms. */
struct wait {
	struct loop *loop;
	struct loop_timer *timer;
	unsigned *over, count;
};

static void
on_look(void *object)
{
	struct wait *wait = object;

	if (*wait->over == wait->count)
		loop_quit(wait->loop);
	else
		loop_timer_set(wait->timer, 1);
}

static void
run_until(struct loop *loop, unsigned *over, unsigned count)
{
	struct wait wait = { loop, NULL, over, count };

	wait.timer = loop_timer_new(loop, on_look, &wait);
	loop_timer_set(wait.timer, 0);
	loop_run(loop);
	loop_timer_free(wait.timer);
}

static void
test_two_loops(void **state)
{
	unsigned over = 0;
	struct loop *own = loop_new("main", &over);
	struct player one = { .main = own }, two = { .main = own };

	(void)state;
	one.loop = loop_new("smtp-1", &one);
	two.loop = loop_new("a name of more than 15", &two);
	one.other = &two;
	two.other = &one;
	assert_true(loop_here(one.loop));
	loop_start(two.loop);
	assert_false(loop_here(two.loop));
	/* posted before it runs */
	loop_post(one.loop, &make_ball(LETTERS)->letter, on_ball);
	loop_start(one.loop);
	for (unsigned i = 0; i < 3; i++)
		loop_post(two.loop, &make_ball(LETTERS)->letter, on_ball);
	run_until(own, &over, 4);
	loop_stop(one.loop);
	loop_stop(two.loop);
	assert_true(loop_here(one.loop));
	assert_int_equal(one.caught + two.caught, 4 * (LETTERS + 1));
	assert_false(one.elsewhere || two.elsewhere);
	assert_string_equal(one.name, "smtp-1");
	assert_string_equal(two.name, "a name of more ");
	loop_free(one.loop);
	loop_free(two.loop);
	loop_free(own);
}

static void
test_letters_before_the_end_are_read(void **state)
{
	unsigned over = 0;
	struct loop *loop = loop_new("x", &over);

	(void)state;
	loop_start(loop);
	for (unsigned i = 0; i < 100; i++)
		loop_post(loop, &make_ball(0)->letter, on_over);
	loop_stop(loop);
	assert_int_equal(over, 100);
	/* and those after it, on this thread, by loop_free() */
	loop_post(loop, &make_ball(0)->letter, on_over);
	loop_stop(loop); /* it has ended: nothing happens */
	loop_free(loop);
	assert_int_equal(over, 101);
}

static void
test_never_started(void **state)
{
	unsigned over = 0;
	struct loop *loop = loop_new("x", &over);

	(void)state;
	loop_post(loop, &make_ball(0)->letter, on_over);
	loop_stop(loop);
	assert_int_equal(over, 0);
	loop_free(loop);
	assert_int_equal(over, 1);
	loop_free(NULL);
}

/* The number that the next file gets. */
static int
find_free(void)
{
	int fd = dup(STDERR_FILENO);

	close(fd);
	return fd;
}

/* Whether there are as many files or not, none stays open, and letters come as
 * ever. */
static void
test_files_expected(void **state)
{
	unsigned over = 0;
	struct loop *loop = loop_new("x", &over);
	int free_fd = find_free();
	struct rlimit usual, few;

	(void)state;
	loop_expect(loop, 0);
	loop_expect(loop, 100);
	assert_int_equal(find_free(), free_fd);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
	few = usual;
	few.rlim_cur = (rlim_t)free_fd + 10;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	loop_expect(loop, 100);
	assert_int_equal(find_free(), free_fd);
	setrlimit(RLIMIT_NOFILE, &usual);
	loop_start(loop);
	loop_post(loop, &make_ball(0)->letter, on_over);
	loop_stop(loop);
	assert_int_equal(over, 1);
	loop_free(loop);
}

/* Timers write their letter when they fire. */
struct entry {
	GString *fired;
	char letter;
	struct loop_timer *again;
};

static void
on_fire(void *object)
{
	struct entry *entry = object;

	g_string_append_c(entry->fired, entry->letter);
	if (entry->again != NULL)
		loop_timer_set(entry->again, 20);
	entry->again = NULL;
}

static void
test_timers(void **state)
{
	struct loop *loop = loop_new("main", NULL);
	g_autoptr(GString) fired = g_string_new(NULL);
	static const int64_t delays[] = { 30, 10, 0, -5, 20, 5000 };
	struct entry entries[G_N_ELEMENTS(delays)];
	struct loop_timer *timers[G_N_ELEMENTS(delays)];
	struct loop_timer *end = loop_timer_new(loop, on_quit, loop);
	int64_t begin = clock_monotonic_ms();

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(delays); i++) {
		entries[i] = (struct entry){ fired, (char)('a' + i), NULL };
		timers[i] = loop_timer_new(loop, on_fire, &entries[i]);
		loop_timer_set(timers[i], delays[i]);
	}
	entries[0].again = timers[1];  /* a sets b anew */
	loop_timer_set(timers[5], 40); /* the later order counts */
	loop_timer_clear(timers[4]);
	loop_timer_clear(timers[4]);
	loop_timer_set(end, 100);
	loop_run(loop);
	/* the kernel's coarse clock may be 4 ms behind */
	assert_true(clock_monotonic_ms() - begin >= 95);
	assert_true(strcmp(fired->str, "cdbafb") == 0 ||
		    strcmp(fired->str, "dcbafb") == 0);
	for (unsigned i = 0; i < G_N_ELEMENTS(delays); i++)
		loop_timer_free(timers[i]);
	loop_timer_free(end);
	loop_timer_free(NULL);
	loop_free(loop);
}

static void
on_hup(void *object)
{
	(*(unsigned *)object)++;
}

static void
on_raise(void *object)
{
	(void)object;
	kill(getpid(), SIGHUP);
}

/* Signals reach the main loop, whatever other threads there are. */
static void
test_signals(void **state)
{
	unsigned hups = 0;
	struct loop *own = loop_new("main", NULL);
	struct loop *other = loop_new("other", NULL);
	struct loop_signal *hup = loop_signal_new(own, SIGHUP, on_hup, &hups);
	struct loop_timer *timer = loop_timer_new(other, on_raise, NULL);

	(void)state;
	loop_timer_set(timer, 1);
	loop_start(other);
	run_until(own, &hups, 1);
	loop_stop(other);
	on_raise(NULL);
	run_until(own, &hups, 2);
	loop_timer_free(timer);
	loop_signal_free(hup);
	loop_signal_free(NULL);
	loop_free(other);
	loop_free(own);
}

/* One that comes before the loop runs waits for it; one that comes too late
 * ends nobody, and it is as before. */
static void
test_signal_waits(void **state)
{
	unsigned hups = 0;
	struct loop *own = loop_new("main", NULL);
	struct loop_signal *hup = loop_signal_new(own, SIGHUP, on_hup, &hups);
	sigset_t blocked;

	(void)state;
	on_raise(NULL);
	assert_int_equal(hups, 0);
	run_until(own, &hups, 1);
	on_raise(NULL);
	loop_signal_free(hup);
	assert_int_equal(hups, 1);
	pthread_sigmask(SIG_BLOCK, NULL, &blocked);
	assert_false(sigismember(&blocked, SIGHUP));
	loop_free(own);
}

/* Two turns of a loop, and what each found. */
struct turns {
	struct loop *loop;
	struct loop_timer *timer;
	int64_t first_ms;
	unsigned count;
};

static void
wait_past(int64_t ms)
{
	while (clock_monotonic_ms() <= ms)
		;
}

static void
on_turn(void *object)
{
	struct turns *turns = object;
	int64_t now = loop_now_ms(turns->loop);
	int64_t wall = loop_wall_ms(turns->loop);

	g_assert(turns->count == 0 || now > turns->first_ms);
	turns->first_ms = now;
	wait_past(now);
	g_assert(loop_now_ms(turns->loop) == now);
	g_assert(loop_wall_ms(turns->loop) == wall);
	if (turns->count++ == 0)
		loop_timer_set(turns->timer, 0);
}

/* The clocks stand still in a turn, and only there. */
static void
test_turns(void **state)
{
	struct loop *loop = loop_new("x", NULL);
	struct turns turns = { .loop = loop };

	(void)state;
	int64_t now = loop_now_ms(loop);
	wait_past(now);
	assert_true(loop_now_ms(loop) > now); /* it does not run */
	turns.timer = loop_timer_new(loop, on_turn, &turns);
	loop_timer_set(turns.timer, 0);
	run_until(loop, &turns.count, 2);
	loop_timer_free(turns.timer);
	loop_free(loop);
}

static void
on_own_event(void *object)
{
	struct turns *turns = object;
	int64_t now = loop_now_ms(turns->loop);

	wait_past(now);
	loop_turn(turns->loop);
	g_assert(loop_now_ms(turns->loop) > now);
	turns->count++;
}

/* Who makes callbacks of his own says when one begins. */
static void
test_turn_of_another(void **state)
{
	struct loop *loop = loop_new("x", NULL);
	struct turns turns = { .loop = loop };

	(void)state;
	turns.timer = loop_timer_new(loop, on_own_event, &turns);
	loop_timer_set(turns.timer, 0);
	run_until(loop, &turns.count, 1);
	loop_timer_free(turns.timer);
	loop_free(loop);
}

/* What a loop has read, and what it has done about it. */
struct basket {
	struct loop *loop;
	unsigned waiting, batches, done;
	bool elsewhere;
};

static void
on_egg(void *owner, struct letter *letter)
{
	struct basket *basket = owner;

	free(LETTER_OF(letter, struct ball, letter));
	basket->waiting++;
}

static void
on_batch(void *object)
{
	struct basket *basket = object;

	basket->elsewhere |= !loop_here(basket->loop);
	basket->batches += basket->waiting > 0;
	basket->done += basket->waiting;
	basket->waiting = 0;
}

static void
test_after_the_letters(void **state)
{
	struct basket basket = { 0 };
	struct loop *loop = loop_new("x", &basket);

	(void)state;
	basket.loop = loop;
	loop_after(loop, on_batch, &basket);
	for (unsigned i = 0; i < 100; i++)
		loop_post(loop, &make_ball(0)->letter, on_egg);
	loop_start(loop);
	loop_stop(loop);
	assert_int_equal(basket.done, 100);
	assert_true(basket.batches >= 1 && basket.batches <= 2);
	/* those that come after the end too */
	loop_post(loop, &make_ball(0)->letter, on_egg);
	loop_free(loop);
	assert_int_equal(basket.done, 101);
	assert_int_equal(basket.waiting, 0);
	assert_false(basket.elsewhere);
}

/* Asks the loop from a thread of its own. */
struct asker {
	struct basket *basket;
	unsigned seen; /* letters that the loop had read */
	bool here, wrong;
};

static void
on_question(void *object)
{
	struct asker *asker = object;

	asker->here = loop_here(asker->basket->loop);
	asker->seen = asker->basket->waiting + asker->basket->done;
}

static void *
on_ask(void *object)
{
	struct asker *asker = object;

	for (unsigned i = 1; i <= 200; i++) {
		loop_post(asker->basket->loop, &make_ball(0)->letter, on_egg);
		asker->seen = 0;
		loop_call(asker->basket->loop, on_question, asker);
		/* its own letters at least were read before */
		asker->wrong |= !asker->here || asker->seen < i;
	}
	return NULL;
}

static void
test_call(void **state)
{
	struct basket basket = { 0 };
	struct asker askers[THREADS], own = { .basket = &basket };

	(void)state;
	basket.loop = loop_new("x", &basket);
	loop_call(basket.loop, on_question, &own); /* not started: ours */
	assert_true(own.here);
	for (unsigned i = 0; i < THREADS; i++)
		askers[i] = (struct asker){ .basket = &basket };
	loop_start(basket.loop);
	run_threads(on_ask, askers, sizeof(askers[0]));
	loop_call(basket.loop, on_question, &own);
	assert_int_equal(own.seen, THREADS * 200);
	for (unsigned i = 0; i < THREADS; i++)
		assert_false(askers[i].wrong);
	loop_stop(basket.loop);
	own.seen = 0;
	loop_call(basket.loop, on_question, &own); /* stopped: ours again */
	assert_int_equal(own.seen, THREADS * 200);
	loop_free(basket.loop);
}

/* Those that nobody waits for come by themselves, and together. */
static void
test_later(void **state)
{
	struct basket basket = { 0 };
	struct loop *loop = loop_new("x", &basket);

	(void)state;
	basket.loop = loop;
	loop_after(loop, on_batch, &basket);
	for (unsigned round = 1; round <= 3; round++) {
		for (unsigned i = 0; i < 100; i++)
			loop_post_later(loop, &make_ball(0)->letter, on_egg);
		assert_int_equal(basket.done, (round - 1) * 100);
		run_until(loop, &basket.done, round * 100);
		assert_int_equal(basket.batches, round);
	}
	loop_free(loop);
}

/* One that somebody waits for takes those before it along. */
static void
test_later_and_now(void **state)
{
	struct basket basket = { 0 };
	struct asker asker = { .basket = &basket };

	(void)state;
	basket.loop = loop_new("x", &basket);
	loop_start(basket.loop);
	for (unsigned i = 1; i <= 100; i++) {
		loop_post_later(basket.loop, &make_ball(0)->letter, on_egg);
		loop_call(basket.loop, on_question, &asker);
		assert_int_equal(asker.seen, i);
	}
	loop_post_later(basket.loop, &make_ball(0)->letter, on_egg);
	loop_stop(basket.loop);
	assert_int_equal(basket.waiting, 101);
	loop_free(basket.loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_loops),
		cmocka_unit_test(test_letters_before_the_end_are_read),
		cmocka_unit_test(test_never_started),
		cmocka_unit_test(test_files_expected),
		cmocka_unit_test(test_timers),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_signal_waits),
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_turn_of_another),
		cmocka_unit_test(test_after_the_letters),
		cmocka_unit_test(test_call),
		cmocka_unit_test(test_later),
		cmocka_unit_test(test_later_and_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
