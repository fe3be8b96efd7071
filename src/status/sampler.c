/* SPDX-License-Identifier: MIT */
#include "sampler.h"

#include "core/clock.h"
#include <pthread.h>
#include <time.h>

struct sampler {
	struct status_options options;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t stop; /* signalled when stopping changes */
	bool stopping;
	struct series *series;
};

static void
look(struct sampler *sampler)
{
	const struct status_options *options = &sampler->options;
	g_autoptr(GPtrArray) providers =
	    g_ptr_array_new_with_free_func(standing_free);
	struct store_ask ask = { .question = STORE_COUNTS };
	struct series_look look = { .providers = providers };

	if (options->providers != NULL)
		options->providers(options->object, providers);
	if (options->store != NULL) {
		store_answer(options->store, &ask);
		if (ask.obstacle == NULL)
			look.counts = &ask.counts;
	}
	look.now_ms = clock_monotonic_ms();
	look.wall_ms = clock_wall_ms();
	pthread_mutex_lock(&sampler->mutex);
	series_add(sampler->series, &look);
	pthread_mutex_unlock(&sampler->mutex);
	if (options->store != NULL)
		store_ask_clear(&ask);
}

/* False: it is over.  With the mutex. */
static bool
wait_until(struct sampler *sampler, int64_t due_ms)
{
	const struct timespec due = {
		.tv_sec = (time_t)(due_ms / 1000),
		.tv_nsec = (long)(due_ms % 1000) * 1000000,
	};

	while (!sampler->stopping && clock_monotonic_ms() < due_ms)
		pthread_cond_timedwait(&sampler->stop, &sampler->mutex, &due);
	return !sampler->stopping;
}

static void *
run(void *object)
{
	struct sampler *sampler = object;
	int64_t due_ms = clock_monotonic_ms();
	bool on = true;

	while (on) {
		look(sampler);
		/* steps that a slow look took are not made up for */
		due_ms +=
		    SERIES_STEP_MS *
		    (1 + (clock_monotonic_ms() - due_ms) / SERIES_STEP_MS);
		pthread_mutex_lock(&sampler->mutex);
		on = wait_until(sampler, due_ms);
		pthread_mutex_unlock(&sampler->mutex);
	}
	return NULL;
}

static void
free_sampler(struct sampler *sampler)
{
	series_free(sampler->series);
	pthread_cond_destroy(&sampler->stop);
	pthread_mutex_destroy(&sampler->mutex);
	g_free(sampler);
}

struct sampler *
sampler_start(const struct status_options *options)
{
	struct sampler *sampler = g_new0(struct sampler, 1);
	pthread_condattr_t monotonic;

	sampler->options = *options;
	sampler->series = series_new();
	pthread_mutex_init(&sampler->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&sampler->stop, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (pthread_create(&sampler->thread, NULL, run, sampler) != 0) {
		free_sampler(sampler);
		return NULL;
	}
	pthread_setname_np(sampler->thread, "series");
	return sampler;
}

void
sampler_stop(struct sampler *sampler)
{
	if (sampler == NULL)
		return;
	pthread_mutex_lock(&sampler->mutex);
	sampler->stopping = true;
	pthread_cond_signal(&sampler->stop);
	pthread_mutex_unlock(&sampler->mutex);
	pthread_join(sampler->thread, NULL);
	free_sampler(sampler);
}

uint64_t
sampler_number(struct sampler *sampler)
{
	pthread_mutex_lock(&sampler->mutex);
	uint64_t number = series_number(sampler->series);
	pthread_mutex_unlock(&sampler->mutex);
	return number;
}

struct json_object *
sampler_json(struct sampler *sampler)
{
	pthread_mutex_lock(&sampler->mutex);
	struct json_object *object = series_json(sampler->series);
	pthread_mutex_unlock(&sampler->mutex);
	return object;
}
