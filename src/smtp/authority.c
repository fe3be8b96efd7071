/* SPDX-License-Identifier: MIT */
#include "authority.h"

#include "authority_memory.h"
#include "authority_turn.h"
#include "core/clock.h"
#include "core/pool.h"
#include "failures.h"
#include "place.h"
#include <stdatomic.h>
#include <string.h>

/* Threads that hash. */
#define THREADS 2

/* Addresses, names, and right passwords that are remembered. */
#define ENTRIES 10000

/* Where a user logged in rightly he is still heard when others have failed as
 * him: so long, that a job of each day is. */
#define HEARD_MS (INT64_C(36) * 3600 * 1000)

/* The wait grows with failures up to so many times the first. */
#define DELAYS_MAX 5

struct authority {
	struct loop *loop;
	struct pool *pool;
	struct users *users;
	GQueue *waiting; /* struct authority_ask *, on the loop, like these */
	GPtrArray *hashing; /* of them, which a thread has, or is to get */
	unsigned waiting_max;
	int64_t delay_ms; /* after the first failure */
	struct failures *addresses, *names;
	struct failures *pairs;          /* of a name, where it is heard */
	struct authority_memory *memory; /* names and passwords */
	struct authority_memory *heard;  /* names and places */
	bool closing;                    /* the threads end */
	_Atomic uint64_t hashes;
};

/* An ask on its way to a thread and back. */
struct job {
	struct letter letter;
	struct authority_ask *ask;
	char *hash; /* to compare with */
	bool known; /* the hash is that of the user */
	bool right;
};

/* Other users on their way. */
struct change {
	struct letter letter;
	struct users *users;
};

static int64_t
read_number(const struct config *config, const char *key)
{
	return config_number(config, "server", key);
}

static void
make_counters(struct authority *authority, const struct config *config)
{
	struct failures_limits limits = {
		.flow.most = (unsigned)read_number(config, "auth_failures"),
		.flow.window_ms = read_number(config, "auth_window"),
		.entries = ENTRIES,
	};

	authority->addresses = failures_new(&limits);
	authority->names = failures_new(&limits);
	authority->pairs = failures_new(&limits);
	authority->memory =
	    authority_memory_new(read_number(config, "auth_cache"), ENTRIES);
	authority->heard = authority_memory_new(HEARD_MS, ENTRIES);
}

struct authority *
authority_new(const struct config *config, struct users *users)
{
	struct authority *authority = g_new0(struct authority, 1);
	struct pool_options pool = { .name = "crypt", .threads = THREADS };

	pool.owner = authority;
	authority->users = users;
	authority->waiting = g_queue_new();
	authority->hashing = g_ptr_array_new();
	authority->waiting_max = (unsigned)read_number(config, "auth_waiting");
	authority->delay_ms = read_number(config, "auth_delay");
	make_counters(authority, config);
	authority->loop = loop_new("auth", authority);
	authority->pool = pool_new(&pool);
	loop_start(authority->loop);
	return authority;
}

static void
tell(struct authority_ask *ask, enum authority_word word)
{
	ask->verdict.word = word;
	explicit_bzero(ask->password, strlen(ask->password));
	loop_post(ask->return_to, &ask->letter, ask->answered);
}

/* What failures of an ask are counted by. */
struct keys {
	char place[NETWORK_PEER_LENGTH];
	bool counted; /* by place */
	char *name;   /* a longer one is nobody's, and need not be kept whole */
	char *pair;   /* both; NULL: the name is not heard there */
	int64_t now_ms;
};

static struct keys
find_keys(struct authority *authority, const struct authority_ask *ask)
{
	struct keys keys = { .now_ms = clock_monotonic_ms() };

	place_print(ask->peer, keys.place);
	keys.counted = place_is_counted(ask->peer);
	keys.name = g_strndup(ask->name, USERS_NAME_MAX + 1);
	if (authority_memory_has(
		authority->heard, ask->name, keys.place, keys.now_ms))
		keys.pair = g_strdup_printf("%s %s", keys.place, keys.name);
	return keys;
}

static void
clear_keys(struct keys *keys)
{
	g_free(keys->name);
	g_free(keys->pair);
}

/* The user is there: a password is remembered no longer than its user. */
static void
tell_right(struct authority *authority, struct authority_ask *ask)
{
	const struct user *user = users_find_login(authority->users, ask->name);
	int64_t now = clock_monotonic_ms();
	char place[NETWORK_PEER_LENGTH];

	place_print(ask->peer, place);
	authority_memory_add(authority->heard, ask->name, place, now);
	authority_memory_add(authority->memory, ask->name, ask->password, now);
	ask->verdict.senders = g_strdupv(user->senders);
	tell(ask, AUTHORITY_RIGHT);
}

/* Strangers who guess lock a name everywhere but where it is heard: there it
 * has its own count. */
static bool
has_failed_often(struct authority *authority, const struct authority_ask *ask)
{
	struct keys keys = find_keys(authority, ask);
	bool heard = keys.pair != NULL;
	bool often =
	    failures_are_many(heard ? authority->pairs : authority->names,
		heard ? keys.pair : keys.name, keys.now_ms);

	often =
	    often || (keys.counted && failures_are_many(authority->addresses,
					  keys.place, keys.now_ms));
	clear_keys(&keys);
	return often;
}

static void
tell_wrong(struct authority *authority, struct authority_ask *ask)
{
	struct keys keys = find_keys(authority, ask);
	unsigned times = failures_add(authority->names, keys.name, keys.now_ms);
	unsigned there = 0;

	if (keys.pair != NULL)
		times = failures_add(authority->pairs, keys.pair, keys.now_ms);
	if (keys.counted)
		there =
		    failures_add(authority->addresses, keys.place, keys.now_ms);
	clear_keys(&keys);
	times = MAX(times, there);
	ask->verdict.delay_ms = authority->delay_ms * MIN(times, DELAYS_MAX);
	tell(ask, AUTHORITY_WRONG);
}

static void start_some(struct authority *authority);

/* The users may be others than when the hash was begun. */
static void
judge(struct authority *authority, const struct job *job)
{
	struct authority_ask *ask = job->ask;
	const struct user *user = users_find_login(authority->users, ask->name);

	if (!job->known || !job->right) {
		tell_wrong(authority, ask);
	} else if (user == NULL || strcmp(user->hash, job->hash) != 0) {
		tell(ask, AUTHORITY_LATER);
	} else {
		tell_right(authority, ask);
	}
}

static void
on_hashed(void *owner, struct letter *letter)
{
	struct authority *authority = owner;
	struct job *job = LETTER_OF(letter, struct job, letter);

	g_ptr_array_remove_fast(authority->hashing, job->ask);
	judge(authority, job);
	g_free(job->hash);
	g_free(job);
	start_some(authority);
}

/* A thread of the pool. */
static void
on_hash(void *owner, struct letter *letter)
{
	struct authority *authority = owner;
	struct job *job = LETTER_OF(letter, struct job, letter);

	job->right = users_verify(job->hash, job->ask->password);
	atomic_fetch_add_explicit(&authority->hashes, 1, memory_order_relaxed);
	loop_post(authority->loop, &job->letter, on_hashed);
}

/* One hash, whoever it is. */
static void
start_hash(struct authority *authority, struct authority_ask *ask)
{
	const struct user *user = users_find_login(authority->users, ask->name);
	struct job *job = g_new0(struct job, 1);

	job->ask = ask;
	job->known = user != NULL;
	job->hash =
	    g_strdup(user != NULL ? user->hash : users_dummy(authority->users));
	g_ptr_array_add(authority->hashing, ask);
	pool_post(authority->pool, &job->letter, on_hash);
}

static bool
is_remembered(struct authority *authority, const struct authority_ask *ask)
{
	return authority_memory_has(
	    authority->memory, ask->name, ask->password, clock_monotonic_ms());
}

/* What came before may have answered it. */
static void
start(struct authority *authority, struct authority_ask *ask)
{
	if (is_remembered(authority, ask)) {
		tell_right(authority, ask);
	} else if (has_failed_often(authority, ask)) {
		ask->verdict.delay_ms = authority->delay_ms * DELAYS_MAX;
		tell(ask, AUTHORITY_TOO_OFT);
	} else {
		start_hash(authority, ask);
	}
}

static void
start_some(struct authority *authority)
{
	while (authority->hashing->len < THREADS && !authority->closing) {
		struct authority_ask *next =
		    authority_turn_take(authority->waiting, authority->hashing);

		if (next == NULL)
			break;
		start(authority, next);
	}
}

static void
on_ask(void *owner, struct letter *letter)
{
	struct authority *authority = owner;
	struct authority_ask *ask =
	    LETTER_OF(letter, struct authority_ask, letter);

	if (authority->closing ||
	    g_queue_get_length(authority->waiting) >= authority->waiting_max)
		tell(ask, AUTHORITY_LATER);
	else
		g_queue_push_tail(authority->waiting, ask);
	start_some(authority);
}

void
authority_ask_post(struct authority *authority, struct authority_ask *ask)
{
	loop_post(authority->loop, &ask->letter, on_ask);
}

void
authority_ask_free(struct authority_ask *ask)
{
	if (ask == NULL)
		return;
	explicit_bzero(ask->password, strlen(ask->password));
	g_free(ask->password);
	g_free(ask->name);
	g_strfreev(ask->verdict.senders);
	g_free(ask);
}

static void
on_change(void *owner, struct letter *letter)
{
	struct authority *authority = owner;
	struct change *change = LETTER_OF(letter, struct change, letter);

	users_free(authority->users);
	authority->users = change->users;
	authority_memory_clear(authority->memory);
	g_free(change);
}

void
authority_users_post(struct authority *authority, struct users *users)
{
	struct change *change = g_new0(struct change, 1);

	change->users = users;
	loop_post(authority->loop, &change->letter, on_change);
}

uint64_t
authority_hashes(const struct authority *authority)
{
	return atomic_load_explicit(&authority->hashes, memory_order_relaxed);
}

/* Nobody asks any more; who waits is told to come again, whoever is being
 * hashed is told what comes out. */
void
authority_free(struct authority *authority)
{
	struct authority_ask *ask;

	if (authority == NULL)
		return;
	loop_stop(authority->loop);
	authority->closing = true;
	pool_free(authority->pool);
	while ((ask = g_queue_pop_head(authority->waiting)) != NULL)
		tell(ask, AUTHORITY_LATER);
	loop_free(authority->loop);
	g_queue_free(authority->waiting);
	g_ptr_array_unref(authority->hashing);
	failures_free(authority->addresses);
	failures_free(authority->names);
	failures_free(authority->pairs);
	authority_memory_free(authority->memory);
	authority_memory_free(authority->heard);
	users_free(authority->users);
	g_free(authority);
}
