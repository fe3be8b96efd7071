/* SPDX-License-Identifier: MIT */
#include "revision.h"

#include "core/clock.h"
#include <pthread.h>
#include <string.h>

/* Pages that are remembered. */
#define PAGES 64u

/* Hexadecimal digits of SHA-256 that a tag has. */
#define TAG_DIGITS 32

#define SECOND_MS 1000

/* Nobody but who asked may keep it, and never use it unasked. */
#define CACHE "private, no-cache"

struct revision {
	char *key; /* SHA-256 of the target, however long; NULL: none yet */
	uint64_t state;
	char etag[TAG_DIGITS + sizeof "\"\""];
	int64_t changed_ms; /* wall clock: first seen so */
	uint64_t used;      /* the higher the later */
};

struct revisions {
	pthread_mutex_t mutex;
	struct revision pages[PAGES];
	uint64_t uses;
	int64_t latest_ms; /* wall clock: the latest there was */
};

struct revisions *
revision_open(void)
{
	struct revisions *revisions = g_new0(struct revisions, 1);

	pthread_mutex_init(&revisions->mutex, NULL);
	return revisions;
}

void
revision_close(struct revisions *revisions)
{
	for (unsigned i = 0; i < PAGES; i++)
		g_free(revisions->pages[i].key);
	pthread_mutex_destroy(&revisions->mutex);
	g_free(revisions);
}

/* Of that target; else the one that was not used for longest. */
static struct revision *
find(struct revisions *revisions, const char *key)
{
	struct revision *oldest = revisions->pages;

	for (unsigned i = 0; i < PAGES; i++) {
		struct revision *one = &revisions->pages[i];

		if (g_strcmp0(one->key, key) == 0)
			return one;
		if (one->used < oldest->used)
			oldest = one;
	}
	return oldest;
}

static char *
make_key(const struct page *page)
{
	return g_compute_checksum_for_string(
	    G_CHECKSUM_SHA256, page->request->target, -1);
}

/* The clock may have been set back: no time is earlier than one before. */
static int64_t
read_clock(struct revisions *revisions)
{
	revisions->latest_ms = MAX(revisions->latest_ms, clock_wall_ms());
	return revisions->latest_ms;
}

/* What was another page in the second before would have the same date. */
static void
mark(const struct revision *revision, struct status_answer *answer)
{
	bool settled = revision->changed_ms + SECOND_MS <= clock_wall_ms();

	g_free(answer->etag);
	answer->etag = g_strdup(revision->etag);
	answer->modified_ms = settled ? revision->changed_ms : 0;
	answer->cache_control = CACHE;
}

static bool
recall(struct revisions *revisions, const char *key, uint64_t state,
    struct status_answer *answer)
{
	struct revision *revision = find(revisions, key);

	if (g_strcmp0(revision->key, key) != 0 || revision->state != state)
		return false;
	revision->used = ++revisions->uses;
	read_clock(revisions);
	mark(revision, answer);
	return true;
}

bool
revision_is_known(
    const struct page *page, uint64_t state, struct status_answer *answer)
{
	struct revisions *revisions = page->revisions;
	g_autofree char *key = make_key(page);
	bool recalled;

	pthread_mutex_lock(&revisions->mutex);
	recalled = recall(revisions, key, state, answer);
	pthread_mutex_unlock(&revisions->mutex);
	return recalled && page_is_known(page, answer);
}

static void
print_tag(const GString *body, char out[static TAG_DIGITS + sizeof "\"\""])
{
	g_autofree char *sum = g_compute_checksum_for_data(
	    G_CHECKSUM_SHA256, (const guchar *)body->str, body->len);

	g_snprintf(
	    out, TAG_DIGITS + sizeof "\"\"", "\"%.*s\"", TAG_DIGITS, sum);
}

static void
update(struct revisions *revisions, struct revision *revision, const char *key,
    const char *etag)
{
	int64_t now_ms = read_clock(revisions);

	if (g_strcmp0(revision->key, key) == 0 &&
	    strcmp(revision->etag, etag) == 0)
		return;
	g_free(revision->key);
	revision->key = g_strdup(key);
	g_strlcpy(revision->etag, etag, sizeof revision->etag);
	revision->changed_ms = now_ms;
}

void
revision_keep(
    const struct page *page, uint64_t state, struct status_answer *answer)
{
	struct revisions *revisions = page->revisions;
	g_autofree char *key = make_key(page);
	char etag[TAG_DIGITS + sizeof "\"\""];
	struct revision *revision;

	print_tag(answer->body, etag);
	pthread_mutex_lock(&revisions->mutex);
	revision = find(revisions, key);
	update(revisions, revision, key, etag);
	revision->state = state;
	revision->used = ++revisions->uses;
	mark(revision, answer);
	pthread_mutex_unlock(&revisions->mutex);
}
