/* SPDX-License-Identifier: MIT */
#include "core/pool.h"

#include "threads.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

#define JOBS 2000

struct yard {
	atomic_uint done;
	pthread_barrier_t together;
	atomic_uint wrong; /* what a job found odd about its thread */
};

static void
on_job(void *owner, struct letter *letter)
{
	struct yard *yard = owner;

	yard->done++;
	g_free(letter);
}

/* Ends only when as many jobs as threads run at the same time. */
static void
on_meeting(void *owner, struct letter *letter)
{
	struct yard *yard = owner;
	char name[16];
	sigset_t blocked;

	pthread_getname_np(pthread_self(), name, sizeof(name));
	pthread_sigmask(SIG_BLOCK, NULL, &blocked);
	if (!g_str_has_prefix(name, "work-") || strlen(name) != 6 ||
	    !sigismember(&blocked, SIGTERM) ||
	    !sigismember(&blocked, SIGCHLD) || sigismember(&blocked, SIGSEGV))
		yard->wrong++;
	pthread_barrier_wait(&yard->together);
	yard->done++;
	g_free(letter);
}

static struct pool *
make_pool(struct yard *yard, unsigned threads)
{
	struct pool_options options = {
		.name = "work",
		.threads = threads,
		.stack_bytes = 256 * 1024,
		.owner = yard,
	};

	return pool_new(&options);
}

struct sender {
	struct pool *pool;
};

static void *
on_send(void *object)
{
	struct sender *sender = object;

	for (unsigned i = 0; i < JOBS; i++)
		pool_post(sender->pool, g_new0(struct letter, 1), on_job);
	return NULL;
}

static void
test_every_job_is_done_once(void **state)
{
	(void)state;
	for (unsigned threads = 1; threads <= 3; threads += 2) {
		struct yard yard = { 0 };
		struct pool *pool = make_pool(&yard, threads);
		struct sender senders[THREADS];

		for (unsigned i = 0; i < THREADS; i++)
			senders[i].pool = pool;
		run_threads(on_send, senders, sizeof(senders[0]));
		pool_free(pool); /* reads what waits */
		assert_int_equal(yard.done, THREADS * JOBS);
	}
}

static void
test_threads_work_at_once(void **state)
{
	struct yard yard = { 0 };
	struct pool *pool;

	(void)state;
	pthread_barrier_init(&yard.together, NULL, 3);
	pool = make_pool(&yard, 3);
	for (unsigned i = 0; i < 3; i++)
		pool_post(pool, g_new0(struct letter, 1), on_meeting);
	pool_free(pool);
	assert_int_equal(yard.done, 3);
	assert_int_equal(yard.wrong, 0);
	pthread_barrier_destroy(&yard.together);
}

static void
test_waiting(void **state)
{
	struct yard yard = { 0 };
	struct pool *pool;

	(void)state;
	pthread_barrier_init(&yard.together, NULL, 2);
	pool = make_pool(&yard, 1);
	pool_post(pool, g_new0(struct letter, 1), on_meeting);
	for (unsigned i = 0; i < 5; i++)
		pool_post(pool, g_new0(struct letter, 1), on_job);
	/* the one thread is held up, or has not begun */
	assert_in_range(pool_waiting(pool), 5, 6);
	pthread_barrier_wait(&yard.together);
	pool_free(pool);
	assert_int_equal(yard.done, 6);
	pthread_barrier_destroy(&yard.together);
	pool_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_job_is_done_once),
		cmocka_unit_test(test_threads_work_at_once),
		cmocka_unit_test(test_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
