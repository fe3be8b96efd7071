/* SPDX-License-Identifier: MIT */
#include "status.h"

#include <pthread.h>

/* Of all mails, however small: a large one holds a file open. */
#define MAILS_MAX 1000u

/* Of the memory for mail in transit. */
#define BUDGET_SHARE 4

struct album {
	uint64_t bytes_max;
	pthread_mutex_t mutex;
	uint64_t bytes;
	GQueue queue;      /* struct print *, oldest first */
	GHashTable *by_id; /* the id inside the print */
};

struct print {
	char id[ID_LENGTH + 1];
	struct spool *spool;
};

struct album *
album_new(uint64_t bytes, const struct budget *budget)
{
	struct album *album;

	if (bytes == 0)
		return NULL;
	album = g_new0(struct album, 1);
	album->bytes_max = MIN(bytes, budget_limit(budget) / BUDGET_SHARE);
	pthread_mutex_init(&album->mutex, NULL);
	g_queue_init(&album->queue);
	album->by_id = g_hash_table_new(g_str_hash, g_str_equal);
	return album;
}

static void
forget_oldest(struct album *album)
{
	struct print *print = g_queue_pop_head(&album->queue);

	album->bytes -= spool_size(print->spool);
	g_hash_table_remove(album->by_id, print->id);
	spool_unref(print->spool);
	g_free(print);
}

void
album_free(struct album *album)
{
	if (album == NULL)
		return;
	while (album->queue.length > 0)
		forget_oldest(album);
	g_hash_table_unref(album->by_id);
	pthread_mutex_destroy(&album->mutex);
	g_free(album);
}

static void
add(struct album *album, const struct submission *submission)
{
	struct print *print = g_new0(struct print, 1);

	g_strlcpy(print->id, submission->id, sizeof print->id);
	print->spool = spool_ref(submission->spool);
	album->bytes += spool_size(print->spool);
	g_queue_push_tail(&album->queue, print);
	g_hash_table_insert(album->by_id, print->id, print);
	while (
	    album->bytes > album->bytes_max || album->queue.length > MAILS_MAX)
		forget_oldest(album);
}

void
album_add(struct album *album, const struct submission *submission)
{
	if (album == NULL)
		return;
	pthread_mutex_lock(&album->mutex);
	if (!g_hash_table_contains(album->by_id, submission->id))
		add(album, submission);
	pthread_mutex_unlock(&album->mutex);
}

struct spool *
album_find(struct album *album, const char *id)
{
	const struct print *print;
	struct spool *spool = NULL;

	if (album == NULL)
		return NULL;
	pthread_mutex_lock(&album->mutex);
	print = g_hash_table_lookup(album->by_id, id);
	if (print != NULL)
		spool = spool_ref(print->spool);
	pthread_mutex_unlock(&album->mutex);
	return spool;
}
