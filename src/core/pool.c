/* SPDX-License-Identifier: MIT */
#include "core/pool.h"

#include "thread.h"
#include <glib.h>
#include <stdio.h>

struct pool {
	struct mailbox *box;
	unsigned count;
	pthread_t threads[];
};

static void *
on_work(void *object)
{
	struct mailbox *box = object;

	while (mailbox_read_one(box))
		;
	return NULL;
}

struct pool *
pool_new(const struct pool_options *options)
{
	struct pool *pool = g_malloc0(
	    sizeof(struct pool) + options->threads * sizeof(pthread_t));
	char name[THREAD_NAME_LENGTH];
	struct thread_options thread = {
		.name = name,
		.stack_bytes = options->stack_bytes,
		.run = on_work,
	};

	g_assert(options->threads > 0);
	pool->box = thread.object = mailbox_new(options->owner);
	for (unsigned i = 0; i < options->threads; i++) {
		g_snprintf(name, sizeof(name), "%s-%u", options->name, i + 1);
		pool->threads[pool->count++] = thread_start(&thread);
	}
	return pool;
}

void
pool_post(struct pool *pool, struct letter *letter, letter_fn read)
{
	mailbox_post(pool->box, letter, read);
}

size_t
pool_waiting(struct pool *pool)
{
	return mailbox_length(pool->box);
}

void
pool_free(struct pool *pool)
{
	if (pool == NULL)
		return;
	mailbox_shut(pool->box);
	for (unsigned i = 0; i < pool->count; i++)
		pthread_join(pool->threads[i], NULL);
	mailbox_free(pool->box);
	g_free(pool);
}
