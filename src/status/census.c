/* SPDX-License-Identifier: MIT */
#include "census.h"

#include "core/clock.h"
#include "core/pool.h"
#include <pthread.h>
#include <time.h>

struct census {
	struct store *store;
	pthread_mutex_t mutex;
	pthread_cond_t counted; /* when `done` changes */
	struct pool *pool;      /* one thread; NULL: nobody has asked yet */
	struct letter letter;   /* on its way while asking */
	bool asking;
	uint64_t begun, wanted, done; /* numbers of counts */
	struct store_counts counts;   /* the last */
	char *obstacle;               /* owned; of the last; NULL: none */
};

struct census *
census_new(struct store *store)
{
	struct census *census = g_new0(struct census, 1);
	pthread_condattr_t monotonic;

	census->store = store;
	pthread_mutex_init(&census->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&census->counted, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return census;
}

void
census_free(struct census *census)
{
	if (census == NULL)
		return;
	pool_free(census->pool);
	pthread_cond_destroy(&census->counted);
	pthread_mutex_destroy(&census->mutex);
	g_free(census->obstacle);
	g_free(census);
}

/* The one thread of the pool.  Whoever came while the store counted may know of
 * more than it counted: he waits for the next. */
static void
on_count(void *owner, struct letter *letter)
{
	struct census *census = owner;
	bool again;

	(void)letter;
	do {
		struct store_ask ask = { .question = STORE_COUNTS };

		pthread_mutex_lock(&census->mutex);
		uint64_t number = ++census->begun;
		pthread_mutex_unlock(&census->mutex);
		store_answer(census->store, &ask);
		pthread_mutex_lock(&census->mutex);
		census->done = number;
		census->counts = ask.counts;
		g_free(census->obstacle);
		census->obstacle = g_steal_pointer(&ask.obstacle);
		again = census->asking = census->wanted > number;
		pthread_cond_broadcast(&census->counted);
		pthread_mutex_unlock(&census->mutex);
		store_ask_clear(&ask);
	} while (again);
}

/* With the mutex. */
static void
ask(struct census *census)
{
	struct pool_options options = {
		.name = "census",
		.threads = 1,
		.owner = census,
	};

	census->wanted = census->begun + 1;
	if (census->asking)
		return;
	census->asking = true;
	if (census->pool == NULL)
		census->pool = pool_new(&options);
	pool_post(census->pool, &census->letter, on_count);
}

bool
census_take(struct census *census, int64_t wait_ms, struct store_counts *counts,
    char **obstacle)
{
	int64_t due_ms = clock_monotonic_ms() + wait_ms;
	const struct timespec due = {
		.tv_sec = (time_t)(due_ms / 1000),
		.tv_nsec = (long)(due_ms % 1000) * 1000000,
	};
	bool taken;

	pthread_mutex_lock(&census->mutex);
	ask(census);
	uint64_t number = census->wanted;
	while (census->done < number && clock_monotonic_ms() < due_ms)
		pthread_cond_timedwait(&census->counted, &census->mutex, &due);
	taken = census->done >= number && census->obstacle == NULL;
	*counts = census->counts;
	*obstacle = census->done >= number ? g_strdup(census->obstacle) : NULL;
	pthread_mutex_unlock(&census->mutex);
	return taken;
}
