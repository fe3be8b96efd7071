/* SPDX-License-Identifier: MIT */
#include "authority_memory.h"

#include <glib.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <string.h>

#define DIGEST_BYTES 32

struct mark {
	unsigned char digest[DIGEST_BYTES];
	int64_t until_ms;
	GList link; /* of the ages */
};

struct authority_memory {
	int64_t keep_ms;
	unsigned entries;
	unsigned char key[DIGEST_BYTES];
	GHashTable *marks; /* struct mark, each its own key; owned */
	GQueue ages;       /* their links, the oldest first */
};

static unsigned
hash_mark(const void *object)
{
	const struct mark *mark = object;
	unsigned hash;

	memcpy(&hash, mark->digest, sizeof(hash));
	return hash;
}

static int
is_same(const void *a, const void *b)
{
	return CRYPTO_memcmp(((const struct mark *)a)->digest,
		   ((const struct mark *)b)->digest, DIGEST_BYTES) == 0;
}

struct authority_memory *
authority_memory_new(int64_t keep_ms, unsigned entries)
{
	struct authority_memory *memory = g_new0(struct authority_memory, 1);

	memory->keep_ms = keep_ms;
	memory->entries = entries;
	memory->marks = g_hash_table_new_full(hash_mark, is_same, g_free, NULL);
	g_queue_init(&memory->ages);
	/* without a key nothing is remembered */
	if (RAND_bytes(memory->key, sizeof(memory->key)) != 1)
		memory->keep_ms = 0;
	return memory;
}

void
authority_memory_free(struct authority_memory *memory)
{
	if (memory == NULL)
		return;
	g_hash_table_unref(memory->marks);
	explicit_bzero(memory->key, sizeof(memory->key));
	g_free(memory);
}

/* The NUL between the two keeps "ab" "c" from being "a" "bc". */
static void
make_digest(const struct authority_memory *memory, const char *name,
    const char *password, unsigned char out[static DIGEST_BYTES])
{
	size_t first = strlen(name) + 1, second = strlen(password);
	unsigned char *both = g_malloc(first + second);
	const unsigned char *made;

	memcpy(both, name, first);
	memcpy(both + first, password, second);
	made = HMAC(EVP_sha256(), memory->key, sizeof(memory->key), both,
	    first + second, out, NULL);
	g_assert(made != NULL);
	explicit_bzero(both, first + second);
	g_free(both);
}

static void
drop_oldest(struct authority_memory *memory)
{
	struct mark *mark = g_queue_pop_head_link(&memory->ages)->data;

	g_hash_table_remove(memory->marks, mark);
}

static void
drop_old(struct authority_memory *memory, int64_t now_ms)
{
	const struct mark *oldest;

	while ((oldest = g_queue_peek_head(&memory->ages)) != NULL &&
	       oldest->until_ms <= now_ms)
		drop_oldest(memory);
}

bool
authority_memory_has(struct authority_memory *memory, const char *name,
    const char *password, int64_t now_ms)
{
	struct mark mark;

	if (memory->keep_ms == 0)
		return false;
	drop_old(memory, now_ms);
	make_digest(memory, name, password, mark.digest);
	return g_hash_table_contains(memory->marks, &mark);
}

/* The mark of that digest, which may be a new one. */
static struct mark *
take_mark(struct authority_memory *memory, const struct mark *like)
{
	struct mark *mark = g_hash_table_lookup(memory->marks, like);

	if (mark != NULL) {
		g_queue_unlink(&memory->ages, &mark->link);
		return mark;
	}
	if (g_queue_get_length(&memory->ages) >= memory->entries)
		drop_oldest(memory);
	mark = g_memdup2(like, sizeof(*like));
	mark->link.data = mark;
	g_hash_table_add(memory->marks, mark);
	return mark;
}

void
authority_memory_add(struct authority_memory *memory, const char *name,
    const char *password, int64_t now_ms)
{
	struct mark like = { .until_ms = 0 }, *mark;

	if (memory->keep_ms == 0)
		return;
	make_digest(memory, name, password, like.digest);
	mark = take_mark(memory, &like);
	mark->until_ms = now_ms + memory->keep_ms;
	g_queue_push_tail_link(&memory->ages, &mark->link);
}

void
authority_memory_clear(struct authority_memory *memory)
{
	g_queue_init(&memory->ages);
	g_hash_table_remove_all(memory->marks);
}
