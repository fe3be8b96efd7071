/* SPDX-License-Identifier: MIT */
/*
 * What the tests of threads share: a few of them, started and waited for.
 */
#ifndef TESTS_CORE_THREADS_H
#define TESTS_CORE_THREADS_H

#include <pthread.h>
#include <stdint.h>

#define THREADS 4

/* Runs fn on THREADS threads at once, each with its own of the objects (each
 * size bytes long), until all have ended. */
static inline void
run_threads(void *(*fn)(void *), void *objects, size_t size)
{
	pthread_t threads[THREADS];

	for (size_t i = 0; i < THREADS; i++)
		pthread_create(
		    &threads[i], NULL, fn, (char *)objects + i * size);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

#endif
